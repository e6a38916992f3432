"""Users and events of an application: logins, sign-ups, custom events, denylists.

The functions have the names and arguments known from tracers. They report to the request they are called in, which a
middleware (or you) opens around it, with the span that gets the tags and the context that evaluates the addresses:

>>> from bartizan import sdk
>>> class Span(dict):
...     def set_tag(self, name, value):
...         self[name] = value
>>> span = Span()
>>> with sdk.Request(span):
...     report = sdk.track_login_success("bob@example.org", user_id="u-1")
>>> span["appsec.events.users.login.success.usr.id"]
'u-1'

The engine makes all decisions, the same for every language; `call` runs its other functions by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, final

from bartizan._native import Context, NativeScope, Result, Service, sdk_call, sdk_functions

__all__ = [
    "Report",
    "Request",
    "Service",
    "anonymize",
    "call",
    "functions",
    "set_user",
    "should_block_user",
    "submit_business_logic",
    "track_custom_event",
    "track_login_failure",
    "track_login_success",
    "track_signup",
    "track_user_login_failure_event",
    "track_user_login_success_event",
    "track_user_signup_event",
]

Metadata = Mapping[str, Any] | None


@final
@dataclass(frozen=True)
class Report:
    """The outcome of a call, which has been applied to the span and context of the request already."""

    accepted: bool
    """False if the call was ignored: see ``warnings``."""
    meta: dict[str, str]
    """Tags of the service-entry span."""
    metrics: dict[str, float]
    """Numeric tags of the service-entry span."""
    keep: bool
    """Whether the trace should be kept."""
    addresses: dict[str, Any]
    """What was evaluated in the context of the request."""
    telemetry: list[dict[str, Any]]
    """Counters, each with ``metric`` and ``tags``."""
    warnings: list[str]
    """What to log."""
    result: Result | None
    """What the engine found; if ``result.blocked`` is true, end the request."""


class Request:
    """The request in which users and events are reported. As a context manager it is the current one.

    ``span`` is any object with ``set_tag`` (Datadog) or ``set_attribute`` (OpenTelemetry), ``context`` the WAF context
    of the request, ``mode`` the collection mode of automatic events.
    """

    def __init__(self, span: Any = None, context: Context | None = None, *, mode: str = "identification") -> None:
        self.span = span
        self.context = context
        self.mode = mode
        self._native = NativeScope()
        self._tokens: list[Token[Reporting | None]] = []

    def __enter__(self) -> Request:
        self._tokens.append(_current.set(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _leave(self, self._tokens.pop())

    def call(self, function: str, **arguments: Any) -> Report:
        """Run a function about users; see the list in the documentation of the engine."""
        answer, result = self._native.call(function, {**arguments, "mode": self.mode}, self.context)
        _tag_all(self.span, answer)
        return _report(answer, self._tagged(result))

    def run(self, addresses: Mapping[str, Any]) -> Result | None:
        """Evaluate addresses in the context of the request; attributes go to the span."""
        if self.context is None or not addresses:
            return None
        return self._tagged(self.context.run(addresses))

    def business_event(self, name: str, values: Mapping[str, Any]) -> Result | None:
        """Evaluate a business event."""
        return self.run({f"server.business_logic.{name}": values})

    def is_user_blocked(self, user_id: Any, session_id: str | None = None) -> bool:
        """Return whether the rules refuse a user or a session, without making it the user of the request.

        None is not refused; a value that cannot be an id raises ``ArgumentError``.
        """
        arguments = {"user": user_id, "session_id": session_id}
        answer, _ = self._native.call("is_user_blocked", arguments, self.context)
        return bool(answer["blocked"])

    def _tagged(self, result: Result | None) -> Result | None:
        """Write the attributes set by the rules to the span."""
        for name, value in (result.attributes if result else {}).items():
            _tag(self.span, name, value)
        return result


class _Nobody(Request):
    """Replaces the request where none is open: calls are checked, and reported as ignored."""

    def call(self, function: str, **arguments: Any) -> Report:
        return super().call(function, **arguments, request=False)


class Reporting(Protocol):
    """The target of this module's functions: a `Request` of this module, or one of `bartizan.engine`."""

    def call(self, function: str, **arguments: Any) -> Report:
        """Run a function about users."""

    def business_event(self, name: str, values: Mapping[str, Any]) -> Result | None:
        """Evaluate a business event."""

    def is_user_blocked(self, user_id: Any, session_id: str | None = None) -> bool:
        """Return whether a user is refused."""


_current: ContextVar[Reporting | None] = ContextVar("bartizan_request", default=None)


def _leave(request: Reporting, token: Token[Reporting | None]) -> None:
    """Make the previous request the current one again.

    A request may be left in another task than it was entered in (a streamed response, a dependency with ``yield``), to
    which the token means nothing. It must not stay the current one there.
    """
    try:
        _current.reset(token)
    except (ValueError, RuntimeError):
        if _current.get() is request:
            _current.set(None)


def _tag(span: Any, name: str, value: str | float) -> None:
    setter = getattr(span, "set_tag", None) or getattr(span, "set_attribute", None)
    if callable(setter):
        setter(name, value)


def _attach(span: Any, name: str, value: Any) -> None:
    """Attach a structured value to the span, as text where it has only tags."""
    setter = getattr(span, "_set_struct_tag", None) or getattr(span, "set_struct_tag", None)
    if callable(setter):
        setter(name, value)
    else:
        _tag(span, name, json.dumps(value, separators=(",", ":")))


def _tag_all(span: Any, answer: Mapping[str, Any]) -> None:
    """Write the tags of a result to the span, and whether its trace should be kept."""
    for name, value in (*answer["meta"].items(), *answer["metrics"].items()):
        _tag(span, name, value)
    if answer["keep"]:
        _tag(span, "manual.keep", "true")


def _report(answer: Mapping[str, Any], result: Result | None = None) -> Report:
    """Make a report of a call's result and an evaluation's."""
    return Report(
        accepted=answer["outcome"] == "ok",
        meta=answer["meta"],
        metrics=answer["metrics"],
        keep=answer["keep"],
        addresses=answer["waf"][0] if answer["waf"] else {},
        telemetry=answer["telemetry"],
        warnings=answer["warnings"],
        result=result,
    )


def _request() -> Reporting:
    """Return the current request, or a placeholder."""
    return _current.get() or _Nobody()


def step_up() -> bool:
    """Return whether the current request must pass a further step (a second factor) before a password is checked.

    Either the account or the service is under attack, and nobody logged in to the account from there before: the
    engine assesses requests to the ``login_routes`` of its settings, and those that pass their login to
    ``Request.assess``. Or a rule with an action of the type ``ato_step_up`` matched.
    """
    return bool(getattr(_current.get(), "step_up", False))


def call(function: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Run any stateless function about users or HTTP."""
    return sdk_call(function, arguments)


def functions() -> list[str]:
    """Return the names of the functions for ``call``."""
    return sdk_functions()


def anonymize(value: Any) -> str | None:
    """Return the pseudonym of an id, or None for a value that cannot be one."""
    pseudonym: str | None = sdk_call("anonymize", {"input": value})["anon"]
    return pseudonym


def set_user(
    tracer: object,
    user_id: Any,
    name: str | None = None,
    email: str | None = None,
    scope: str | None = None,
    role: str | None = None,
    session_id: str | None = None,
    propagate: bool = False,
) -> Report:
    """Set the authenticated user of the request. ``tracer`` is not used."""
    user = {"id": user_id, "name": name, "email": email, "scope": scope, "role": role, "session_id": session_id}
    return _request().call("set_user", user=user, propagate=propagate)


def track_login_success(login: Any, user_id: Any = None, metadata: Metadata = None) -> Report:
    """Report a login; ``user_id`` may be a map with ``id`` and other fields."""
    return _request().call("track_user_login_success", login=login, user=user_id, metadata=metadata)


def track_login_failure(
    login: Any, exists: bool | None = None, user_id: Any = None, metadata: Metadata = None
) -> Report:
    """Report a failed login, and whether there is such a user."""
    arguments = {"login": login, "exists": exists, "user_id": user_id, "metadata": metadata}
    return _request().call("track_user_login_failure", **arguments)


def track_signup(login: Any, user_id: Any = None, success: bool = True, metadata: Metadata = None) -> Report:
    """Report a sign-up, successful or not."""
    return _request().call("track_signup", login=login, user=user_id, success=success, metadata=metadata)


def track_custom_event(tracer: object, event_name: str, metadata: Metadata = None) -> Report:
    """Report a custom event. ``tracer`` is not used."""
    return _request().call("track_custom_event", name=event_name, metadata=metadata)


def track_user_login_success_event(
    tracer: object,
    user_id: Any,
    metadata: Metadata = None,
    login: Any = None,
    name: str | None = None,
    email: str | None = None,
    scope: str | None = None,
    role: str | None = None,
    session_id: str | None = None,
    propagate: bool = False,
) -> Report:
    """Report a login, in the older form. ``tracer`` is not used."""
    user = {"id": user_id, "name": name, "email": email, "scope": scope, "role": role, "session_id": session_id}
    arguments = {"login": login, "user": user, "metadata": metadata, "propagate": propagate}
    return _request().call("track_user_login_success_event", **arguments)


def track_user_login_failure_event(
    tracer: object, user_id: Any, exists: bool | None = None, metadata: Metadata = None, login: Any = None
) -> Report:
    """Report a failed login, in the older form. ``tracer`` is not used."""
    arguments = {"login": login, "exists": exists, "user_id": user_id, "metadata": metadata}
    return _request().call("track_user_login_failure_event", **arguments)


def track_user_signup_event(tracer: object, user_id: Any, success: bool = True, login: Any = None) -> Report:
    """Report a sign-up, in the older form. ``tracer`` is not used."""
    return _request().call("track_user_signup_event", user=user_id, success=success, login=login)


def submit_business_logic(name: str, values: Mapping[str, Any]) -> Result | None:
    """Evaluate a business event, such as ``payment.failure``."""
    return _request().business_event(name, values)


def should_block_user(tracer: object, user_id: Any, session_id: str | None = None) -> bool:
    """Return whether the rules refuse this user. ``tracer`` is not used."""
    return _request().is_user_blocked(user_id, session_id)

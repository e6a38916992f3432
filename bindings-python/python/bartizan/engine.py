"""The engine of a process, and requests served by it.

An `Engine` holds the rules, applies remote configuration, and blocks users and addresses at run time. Each request is
opened around the application's code; the functions of `bartizan.sdk` called in it report to its span, and raise
`Blocked` when the user is refused:

>>> from bartizan import sdk
>>> from bartizan.engine import Blocked, Engine
>>> engine = Engine({"version": "2.2", "rules": []})
>>> _ = engine.block(user="mallory", seconds=3600)
>>> try:
...     with engine.request() as request:
...         _ = sdk.set_user(None, "mallory")
... except Blocked:
...     response = request.block_response()
>>> response["status"]
403
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Mapping
from contextvars import Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, final

from bartizan import _stack as stack
from bartizan import sdk
from bartizan._native import ConfigurationWarning, Diagnostics, NativeEngine, NativeRequest
from bartizan._watch import Hook, Watch, checked, current_span
from bartizan.settings import Exclusion, Settings
from bartizan.takeover import Detector

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Blocked", "Engine", "Request", "default"]

_log = logging.getLogger("bartizan")


class Blocked(BaseException):
    """The request must end with its ``block_response``.

    Not an `Exception`, so that the application's ``except Exception`` does not catch it.
    """


@final
class Engine:
    """The engine of a process. Thread-safe.

    ``rules`` is a ruleset, as ``json.load`` returns it or as text, or the path of a file with it; without it, the
    built-in rules apply. A ruleset without a usable rule raises ``ConfigurationError``; warnings about it are in
    ``warnings``, and go to the logger ``bartizan``.

    The ``settings`` are in `bartizan.settings`; ``SETTINGS.md`` says what they do, and which environment variables
    stand in for them. Any other raises ``TypeError``. The most important one is ``mode``: with ``"monitor"``, the
    default, rules report, while refused users and addresses are blocked; with ``"block"`` rules block, too.

    Each attack and each block is a line of the logger ``bartizan``. ``on_event`` and ``on_block`` are called with the
    same as a map, within the request: they should take little time, and what they raise is logged and goes no further.
    """

    def __init__(
        self,
        rules: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        *,
        on_event: Hook | None = None,
        on_block: Hook | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        self._watch = Watch(checked("on_event", on_event), checked("on_block", on_block))
        self._rules = os.fspath(rules) if isinstance(rules, os.PathLike) else rules
        self._native = NativeEngine({"rules": self._rules, "host": "python", **settings})
        native = self._native.takeover()
        document = isinstance(settings.get("takeover"), Mapping)
        said = self._native.takeover_diagnostics if document else None
        self._takeover = native and Detector._of(native, said, settings.get("clock") or "system")
        if said is not None and said.has_errors:
            _log.warning("the document about account takeover has errors: %s", said)
        for warning in self.report["warnings"]:
            _log.warning("%s", warning)

    @property
    def diagnostics(self) -> Diagnostics:
        """The diagnostics of the initial rules."""
        return self._native.diagnostics

    @property
    def warnings(self) -> tuple[ConfigurationWarning, ...]:
        """Warnings about all current configurations, including those of remote configuration."""
        return self._native.warnings

    @property
    def report(self) -> dict[str, Any]:
        """The result of the first batch of configuration, with warnings about the settings."""
        report: dict[str, Any] = self._native.report
        return report

    @property
    def takeover(self) -> Detector | None:
        """The detector of account takeover, which sees what requests report; None where detection is turned off."""
        return self._takeover

    def call(self, function: str, **arguments: Any) -> dict[str, Any]:
        """Run a function of the engine by name."""
        return self._native.call(function, arguments)

    def apply_remote(
        self, *, removed: Iterable[str] = (), changed: Iterable[tuple[str, Mapping[str, Any] | str]] = ()
    ) -> dict[str, Any]:
        """Apply a batch of remote configuration, and return the states to report."""
        return self.call("apply_remote", removed=list(removed), changed=[list(file) for file in changed])

    def block(self, *, user: Any = None, ip: str | None = None, seconds: float | None = None) -> dict[str, Any]:
        """Refuse a user, an address (or a network), or both from now on, for a time or permanently."""
        return self.call("block", user=user, ip=ip, seconds=seconds)

    def extend(self, *, user: Any = None, ip: str | None = None, seconds: float | None = None) -> bool:
        """Change the end of blocks that are still in force; false if there is none."""
        return bool(self.call("extend", user=user, ip=ip, seconds=seconds)["done"])

    def unblock(self, *, user: Any = None, ip: str | None = None) -> bool:
        """Remove the block of a user or an address; false if there was none."""
        return bool(self.call("unblock", user=user, ip=ip)["done"])

    def reload(self, rules: Mapping[str, Any] | str | os.PathLike[str] | None = None) -> dict[str, Any]:
        """Replace the rules the engine was made with, for requests that begin from now on; return their diagnostics.

        Without rules, those of the beginning are taken again; a file is read anew. Rules that cannot be used raise
        ``ArgumentError``, and the former ones stay.
        """
        rules = self._rules if rules is None else rules
        rules = os.fspath(rules) if isinstance(rules, os.PathLike) else rules
        diagnostics: dict[str, Any] = self.call("reload", rules=rules)["diagnostics"]
        return diagnostics

    def update(self, path: str, document: Mapping[str, Any] | str) -> dict[str, Any]:
        """Add a document beside the rules, or replace the one under this path.

        Returns whether anything of it is used (``accepted``), and its ``diagnostics``.
        """
        return self.call("update", path=path, document=document)

    def remove(self, path: str) -> bool:
        """Remove such a document; false if there was none."""
        return bool(self.call("remove", path=path)["removed"])

    def exclude(self, **exclusion: Unpack[Exclusion]) -> str:
        """Exclude a ``rule``, a ``type`` of rules, a ``path``, a ``parameter``, or any combination from evaluation.

        A ``*`` at the end of a path stands for any rest. Users and addresses that are refused stay refused. Returns the
        id for `include`. A rule that does not exist is a warning of the logger ``bartizan``.

        >>> engine = Engine()
        >>> id = engine.exclude(rule="bz-xss-010", path="/search", parameter="q")
        >>> engine.include(id)
        True
        """
        answer = self.call("exclude", **exclusion)
        for warning in answer["warnings"]:
            _log.warning("%s", warning)
        return str(answer["id"])

    def include(self, exclusion: str) -> bool:
        """Take an exclusion back, by its id; false if there is none."""
        return bool(self.call("include", id=exclusion)["found"])

    def metrics(self) -> dict[str, Any]:
        """Return what this process has seen, as numbers: see ``SETTINGS.md``."""
        metrics: dict[str, Any] = self.call("metrics")["metrics"]
        return metrics

    def prometheus(self) -> str:
        """Return the same in the text format of Prometheus (``text/plain; version=0.0.4``)."""
        return str(self.call("prometheus")["text"])

    def request(self, span: Any = None) -> Request:
        """Begin a request; its tags go to ``span``, or else to the current span of OpenTelemetry, if one records."""
        return Request(self._native.request(), current_span() if span is None else span, self._watch)


_default: Engine | None = None
_default_lock = threading.Lock()


def default() -> Engine:
    """Return the engine of the process for whoever was given none; it is made on first use.

    It has the built-in rules, and its settings are those of the environment: see ``SETTINGS.md``.
    """
    global _default
    if _default is None:
        with _default_lock:
            if _default is None:
                _default = Engine()
    return _default


def _renew_lock() -> None:
    """Make the lock anew in a forked child, where a thread that held it does not exist."""
    global _default_lock
    _default_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


@final
class Request:
    """A request. As a context manager it is the one that the functions of `bartizan.sdk` report to."""

    def __init__(self, native: NativeRequest, span: Any = None, watch: Watch | None = None) -> None:
        self.span = span
        self._watch = watch
        self._native = native
        self._tokens: list[Token[sdk.Reporting | None]] = []
        self._stacks: list[dict[str, Any]] = []
        self.blocked = False
        """Whether a call raised `Blocked`: frameworks may catch or wrap it, so that it does not arrive."""
        self.login_failed = False
        """Whether a login failed in this request; known once the head of the response has been evaluated."""
        self.step_up = False
        """Whether the application must ask for a further step, such as a second factor, before it checks a password.

        Known once the body of a configured login path has been evaluated, or after `assess`; also true once a rule with
        an action of the type ``ato_step_up`` has matched.
        """

    def __enter__(self) -> Request:
        self._tokens.append(sdk._current.set(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        sdk._leave(self, self._tokens.pop())

    def call(self, function: str, **arguments: Any) -> sdk.Report:
        """Run a function about users. Raises `Blocked` if the user is refused."""
        answer = self._tagged(function, arguments)
        report = sdk._report(answer)
        if answer["blocked"]:
            raise self._refused(function)
        return report

    def start(self, **parts: Any) -> None:
        """Evaluate what is known when the request begins. Raises `Blocked`.

        ``headers``, ``peer`` and whatever else identifies the client are converted first, up to 4,096 headers;
        ``query``, ``body``, ``cookies`` and ``path_params`` share what is left of the budget. While addresses are
        refused, a client whose headers had to be cut is refused too, as it may be one of them.
        """
        self._evaluate("start", parts)

    def head(
        self,
        method: bytes,
        target: bytes,
        headers: Iterable[tuple[bytes, bytes]],
        peer: str | None = None,
        **proxies: Any,
    ) -> None:
        """Evaluate the head of the request as it came over the wire, in place of `start`. Raises `Blocked`.

        ``target`` is encoded, with its query; ``headers`` are all, in their order, also those that repeat. The engine
        reads query and cookies itself, and then the body: see `body`.
        """
        pairs = [[name, value] for name, value in headers]
        self._evaluate("head", {"method": method, "target": target, "headers": pairs, "peer": peer, **proxies})

    def body(self, piece: bytes | bytearray) -> bool:
        """Take the next piece of the body, as it came over the wire but for chunking.

        The caller keeps what it hands over, and passes it to the application after `body_end`. False once the engine
        reads no more, because its limit (``body_limit``) is reached or nothing is evaluated.
        """
        return self._native.body(piece)

    def message(self, data: bytes | str) -> None:
        """Evaluate a message of a websocket by itself, with the head of the request. Raises `Blocked`."""
        self._evaluate("message", {"data": data})

    def unread_body(self, reason: str) -> None:
        """Say why the body cannot be read, which is reported. Raises `Blocked` if such requests are to be blocked."""
        self._evaluate("run", {"addresses": {}, "body_unparsed": reason})

    def body_end(self) -> None:
        """Evaluate what was taken of the body. Raises `Blocked`."""
        self._evaluate("body_end", {})

    def run(self, addresses: Mapping[str, Any]) -> None:
        """Evaluate more of the request. Raises `Blocked`."""
        self._evaluate("run", {"addresses": addresses})

    def operation(self, addresses: Mapping[str, Any]) -> None:
        """Evaluate a dangerous call (a file opened, a query sent) before it happens. Raises `Blocked`.

        `bartizan.protect_calls` calls this. If a rule asks for it, the stack is kept for the report.
        """
        answer = self._ask("operation", {"addresses": addresses})
        asked = answer.get("actions", {}).get("generate_stack")
        if asked and (len(self._stacks) < stack.LARGEST_NUMBER or stack.LARGEST_NUMBER == 0):
            found = stack.captured(asked["stack_id"])
            self._stacks.extend([found] if found else [])
        self.step_up = self.step_up or answer.get("step_up", False)
        if answer["blocked"]:
            raise self._refused("operation")

    def business_event(self, name: str, values: Mapping[str, Any]) -> None:
        """Evaluate a business event. Raises `Blocked`."""
        self._evaluate("business_event", {"name": name, "values": values})

    def response(self, status: int, headers: Any = ()) -> None:
        """Evaluate the head of the response. Raises `Blocked`."""
        answer = self._ask("response", {"status": status, "headers": headers})
        self.login_failed = answer.get("login_failed", False)
        if answer["blocked"]:
            raise self._refused("response")

    def learn_login_failure(self, status: int, headers: Any = (), body: str = "") -> bool:
        """Learn from the application's response to a wrong password, so that refusals at this path can look like it.

        False if no login failed in this request, or the response is of no use.
        """
        arguments = {"status": status, "headers": headers, "body": body}
        return bool(self._ask("learn_login_failure", arguments)["learned"])

    def assess(self, login: Any, user_id: Any = None) -> dict[str, Any]:
        """Assess a login attempt before the password is checked. Raises `Blocked` if it is refused.

        Returns ``decision`` (``allow``, or ``step_up``: ask for a further step), ``score`` from 0 to 100, and
        ``reasons``.
        """
        answer = self._ask("assess", {"login": login, "user": user_id})
        self.step_up = self.step_up or answer["decision"] == "step_up"
        if answer["blocked"]:
            raise self._refused("assess")
        return {key: answer[key] for key in ("decision", "score", "reasons")}

    def is_user_blocked(self, user_id: Any, session_id: str | None = None) -> bool:
        """Return whether a user or a session is refused, without making it the user of the request.

        None is not refused; a value that cannot be an id raises ``ArgumentError``.
        """
        arguments = {"user": user_id, "session_id": session_id}
        return bool(self._ask("is_user_blocked", arguments)["blocked"])

    def block_request(self) -> None:
        """End the request. Raises `Blocked`."""
        self._ask("block_request", {})
        raise self._refused("block_request")

    def block_response(self, **arguments: Any) -> dict[str, Any]:
        """Return the response for a blocked client: ``status``, ``headers`` and ``body``; empty if nothing blocks."""
        return self._ask("block_response", arguments)

    def finish(self, **arguments: Any) -> dict[str, Any]:
        """Write all tags of the request to its span, and return the report.

        The stacks of calls that a rule asked for are in ``report["stack"]``, and the structured field ``_dd.stack`` of
        spans that have such fields; others get it as JSON.
        """
        report = self._tagged("finish", arguments)
        if self._stacks:
            report["stack"] = {"exploit": self._stacks}
            sdk._attach(self.span, "_dd.stack", report["stack"])
            self._stacks = []
        for line in report["log"]:
            _log.warning("%s", line)
        return report

    def _end(self) -> None:
        """Finish a request where nobody reads the report, which is made only for a span."""
        if self.span is not None:
            self.finish()
            return
        for line in self._ask("end", {})["log"]:
            _log.warning("%s", line)

    def _ask(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer = self._native.call(function, arguments)
        notices = answer.pop("notices", None)
        if notices and self._watch is not None:
            self._watch.tell(notices)
        return answer

    def route(self, route: str) -> None:
        """Name the route of the application that serves the request, such as ``/users/{id}``, for log lines."""
        self._ask("route", {"route": route})

    def _evaluate(self, function: str, arguments: dict[str, Any]) -> None:
        answer = self._ask(function, arguments)
        self.step_up = self.step_up or answer.get("step_up", False)
        if answer["blocked"]:
            raise self._refused(function)

    def _refused(self, function: str) -> Blocked:
        self.blocked = True
        return Blocked(function)

    def _tagged(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer = self._ask(function, arguments)
        self.step_up = self.step_up or answer.get("step_up", False)
        sdk._tag_all(self.span, answer)
        return answer

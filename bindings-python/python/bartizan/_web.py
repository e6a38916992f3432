"""What the protections of all frameworks have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bartizan import engine as engines
from bartizan import sdk
from bartizan.engine import Engine, Request

# The largest response to a failed login from which the engine learns.
LARGEST_FAILURE = 1 << 16


def prepare(
    engine: Engine | None, client_ip_header: str | None, trusted_proxies: Iterable[str] | None
) -> tuple[Engine, dict[str, Any]]:
    """Return the engine, by default that of the process, and the proxies as arguments of `Request.head`.

    Settings that are invalid raise ``ArgumentError`` now, and not with each request.
    """
    engine = engines.default() if engine is None else engine
    trusted = trusted_proxies if isinstance(trusted_proxies, str | None) else [*trusted_proxies]
    proxies = {"client_ip_header": client_ip_header, "trusted_proxies": trusted}
    engine.call("client_ip", **proxies)
    return engine, proxies


def current() -> Request | None:
    """Return the request that is being served, if an engine made it."""
    request = sdk._current.get()
    return request if isinstance(request, Request) else None


def judge_path(request: Request, parameters: Mapping[str, Any]) -> None:
    """Evaluate what the router found in the path. Raises `Blocked`."""
    if parameters:
        values = {str(name): value if isinstance(value, str) else str(value) for name, value in parameters.items()}
        request.run({"server.request.path_params": values})


def report(function: str, **arguments: Any) -> None:
    """Report what a framework saw of a user to the request that is being served, if any. Raises `Blocked`."""
    request = current()
    if request is not None:
        request.call(function, **arguments)


def status_of(line: Any) -> int:
    """Return the code of a status line; 0 if it has none."""
    code = str(line).split(" ", 1)[0]
    return int(code) if code.isascii() and code.isdecimal() else 0


class Failures:
    """The status lines of failed logins, and how they spell the names of headers, for refusals that look like them."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[str, dict[str, str]]] = {}

    def learn(self, request: Request, line: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        """Let the engine learn from the response to a failed login."""
        headers = [*headers]
        status = status_of(line)
        self._known[status] = (line, {name.lower(): name for name, _ in headers})
        request.learn_login_failure(status, [[*header] for header in headers], body.decode(errors="replace"))

    def head(self, response: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
        """Return status line and headers of a refusal."""
        status = response["status"]
        line, names = self._known.get(status, (f"{status} Blocked", {}))
        return line, [(names.get(name.lower(), name), value) for name, value in response["headers"].items()]

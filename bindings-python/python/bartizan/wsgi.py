"""Protection of a WSGI application (Flask, Django, ...): evaluation of requests and responses, blocking, reporting."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable
from typing import Any, final
from urllib.parse import parse_qs

from bartizan.engine import Blocked, Engine, Request

__all__ = ["Protection"]

LARGEST_BODY = 1 << 20
# The largest response to a failed login from which the engine learns.
LARGEST_FAILURE = 1 << 16


@final
class Protection:
    """A WSGI application around another one.

    ``span`` returns the service-entry span of the request that is served: anything with ``set_tag`` or
    ``set_attribute``. ``client_ip_header`` and ``trusted_proxies`` override the engine's settings of the same names for
    this application.
    """

    def __init__(
        self,
        application: Callable[..., Any],
        engine: Engine,
        span: Callable[[], Any] = lambda: None,
        *,
        client_ip_header: str | None = None,
        trusted_proxies: Iterable[str] | None = None,
    ) -> None:
        self.application = application
        self.engine = engine
        self.span = span
        trusted = trusted_proxies if isinstance(trusted_proxies, str | None) else [*trusted_proxies]
        self._proxies = {"client_ip_header": client_ip_header, "trusted_proxies": trusted}
        engine.call("client_ip", **self._proxies)  # invalid settings fail now, not with each request

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve a request."""
        with self.engine.request(self.span()) as request:
            try:
                request.start(**parts_of(environ), **self._proxies)
                return self._serve(request, environ, start_response)
            except Blocked:
                return answer(request, start_response)
            finally:
                request.finish()

    def _serve(self, request: Request, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Delay the response until its head has been evaluated."""
        head: list[Any] = []
        written: list[bytes] = []

        def hold(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], Any]:
            head[:] = [status, headers, exc_info]
            return written.append

        result = self.application(environ, hold)
        try:
            body = [*result]  # the application may send its head with the first part of the body
        finally:
            if hasattr(result, "close"):
                result.close()
        status, headers, exc_info = head
        code, pairs = int(status.split(" ", 1)[0]), [list(header) for header in headers]
        request.response(code, pairs)
        start_response(status, headers, *([exc_info] if exc_info else []))
        whole = [*written, *body]
        if request.login_failed and sum(map(len, whole)) <= LARGEST_FAILURE:
            request.learn_login_failure(code, pairs, b"".join(whole).decode(errors="replace"))
        return whole


def answer(request: Request, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Write the response of a blocked request in place of the application's."""
    response = request.block_response()
    # The response to a failed login comes as late as the application's own would.
    time.sleep(response.get("delay_us", 0) / 1_000_000)
    start_response(f"{response['status']} Blocked", [*response["headers"].items()])
    return [response["body"].encode()]


def parts_of(environ: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of the request as arguments of ``Request.start``."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    without_prefix = ("CONTENT_TYPE", "CONTENT_LENGTH")
    headers |= {name.replace("_", "-").lower(): environ[name] for name in without_prefix if environ.get(name)}
    query = environ.get("QUERY_STRING", "")
    as_parsed = environ.get("PATH_INFO", "/") + (query and f"?{query}")
    path = environ.get("RAW_URI") or environ.get("REQUEST_URI") or as_parsed
    return {
        "method": environ["REQUEST_METHOD"],
        "url": path,
        "headers": headers,
        "query": parse_qs(query, keep_blank_values=True),
        "peer": environ.get("REMOTE_ADDR"),
        **body_of(environ),
    }


def body_of(environ: dict[str, Any]) -> dict[str, Any]:
    """Read the body up to a limit, put it back for the application, and return it as arguments of ``Request.start``.

    If it cannot be parsed, ``body_unparsed`` has the reason. Text that is not of its type is evaluated as a whole.
    """
    declared = environ.get("CONTENT_LENGTH") or "0"
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return {"body_unparsed": "it is sent in chunks"}
    if not declared.isdecimal():
        return {"body_unparsed": "its length is not a number"}
    length = int(declared)
    if length == 0:
        return {}
    if length > LARGEST_BODY:
        return {"body_unparsed": f"{length} bytes are more than {LARGEST_BODY}"}
    if kind not in PARSERS:
        return {"body_unparsed": f"the content type '{kind}' is not parsed"}
    data = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(data)
    try:
        return {"body": PARSERS[kind](data)}
    except (ValueError, RecursionError):
        return {"body": data, "body_unparsed": f"it is not valid {kind}"}


PARSERS: dict[str, Callable[[bytes], Any]] = {
    "application/json": json.loads,
    "application/x-www-form-urlencoded": lambda data: parse_qs(data.decode(), keep_blank_values=True),
}

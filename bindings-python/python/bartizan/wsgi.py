"""Protection of a WSGI application: evaluation of requests and responses, blocking, reporting.

Flask and Django have protections of their own, `bartizan.flask` and `bartizan.django`, which also see who logs in. Any
other application is wrapped:

>>> from bartizan.wsgi import Protection
>>> from bartizan.engine import Engine
>>> def application(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [b"hello"]
>>> application = Protection(application, Engine({"version": "2.2", "rules": []}))
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, final
from urllib.parse import quote

from bartizan._web import LARGEST_FAILURE, Failures, prepare, status_of
from bartizan.engine import Blocked, Engine, Request

__all__ = ["Protection"]

# How much of a body is read at a time.
PIECE = 1 << 16


@final
class Protection:
    """A WSGI application around another one.

    ``engine`` is the one of the process unless it is given. ``span`` returns the service-entry span of the request that
    is served: anything with ``set_tag`` or ``set_attribute``. ``client_ip_header`` and ``trusted_proxies`` override the
    engine's settings of the same names for this application.

    The engine reads the body before the application does, up to its limit (``body_limit``); the application reads the
    same bytes afterwards, and what lies beyond as it arrives.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        engine: Engine | None = None,
        span: Callable[[], Any] = lambda: None,
        *,
        client_ip_header: str | None = None,
        trusted_proxies: Iterable[str] | None = None,
    ) -> None:
        self.application = app
        self.engine, self._proxies = prepare(engine, client_ip_header, trusted_proxies)
        self.span = span
        self._failures = Failures()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve a request."""
        request = self.engine.request(self.span())
        response = Response(request, start_response, self._failures)
        try:
            with request:
                request.head(**head_of(environ), **self._proxies)
                hold_body(environ, request)
                request.body_end()
                return response.parts_of(self.application(environ, response.start), environ.get("wsgi.file_wrapper"))
        except BaseException:
            # Frameworks may raise something else because of `Blocked`: the decision counts.
            if not request.blocked:
                raise
            if response.sent:
                raise too_late(request) from None
            return answer(request, start_response, self._failures)
        finally:
            # The span may end with this call. What a stream reports later is written to it at once.
            request._end()


class Response:
    """The response of the application: its head is evaluated before it is sent, its parts pass as they come."""

    def __init__(self, request: Request, start_response: Callable[..., Any], failures: Failures) -> None:
        self.request = request
        self._failures = failures
        self.sent = False
        self._start_response = start_response
        self._head: tuple[str, list[tuple[str, str]], Any] | None = None
        self._write: Callable[[bytes], Any] | None = None
        self._failure: bytearray | None = None

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], Any]:
        """Take the head, in place of the server; it may come again as long as nothing was sent."""
        if self.sent:
            # With an error, the server raises it; without one, it complains.
            self._start_response(status, headers, exc_info)
        self._head = (status, headers, exc_info)
        return self.write

    def write(self, data: bytes) -> None:
        """Send a part at once."""
        self.send_head()
        self.learn(data)
        if self._write is not None:
            self._write(data)

    def send_head(self) -> None:
        """Evaluate the head, if it came and was not sent yet, and send it. Raises `Blocked`."""
        if self.sent or self._head is None:
            return
        status, headers, exc_info = self._head
        if self.request.blocked:
            raise Blocked("start_response")
        self.request.response(status_of(status), [list(header) for header in headers])
        self.sent = True
        self._write = self._start_response(status, headers, *([exc_info] if exc_info else []))
        if self.request.login_failed:
            self._failure = bytearray()

    def learn(self, part: bytes) -> None:
        """Take a part of the response to a failed login."""
        if self._failure is not None and len(self._failure) <= LARGEST_FAILURE:
            self._failure += part

    def end(self) -> None:
        """Let the engine learn from the response to a failed login, unless it is large."""
        if self._failure is not None and self._head is not None and len(self._failure) <= LARGEST_FAILURE:
            status, headers, _ = self._head
            self._failures.learn(self.request, status, headers, bytes(self._failure))
        self._failure = None

    def parts_of(self, result: Iterable[bytes], file_wrapper: Any) -> Iterable[bytes]:
        """Return what the server is to send: the application's result itself, where it can be."""
        if isinstance(file_wrapper, type) and isinstance(result, file_wrapper) and self._head is not None:
            # The server may send the file without reading it here.
            self.send_head()
            return result
        if isinstance(result, list | tuple):
            self.send_head()
            for part in result:
                self.learn(part)
            self.end()
            return result
        rest = Rest(self, result)
        try:
            rest.take_first()
        except BaseException:
            rest.close_result()
            raise
        return rest


@final
class Rest:
    """The parts of a response that come one after the other. The first is taken early, as the head may come with it."""

    def __init__(self, response: Response, result: Iterable[bytes]) -> None:
        self._response = response
        self._result = result
        self._parts = iter(result)
        self._first: list[bytes] = []
        self._over = False

    def take_first(self) -> None:
        """Run the application up to its first part."""
        for part in self._parts:
            self._first.append(part)
            break
        else:
            self._over = True
        self._response.send_head()

    def __iter__(self) -> Rest:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next part, with the request as the current one of `bartizan.sdk`."""
        with self._response.request:
            try:
                if self._over and not self._first:
                    raise StopIteration
                part = self._first.pop() if self._first else next(self._parts)
                self._response.send_head()
            except Blocked:
                raise too_late(self._response.request) from None
        self._response.learn(part)
        return part

    def close(self) -> None:
        """Close the application's result."""
        with self._response.request:
            self.close_result()
            self._response.end()

    def close_result(self) -> None:
        """Close the application's result, if it can be closed."""
        close = getattr(self._result, "close", None)
        if close is not None:
            close()


def too_late(request: Request) -> Exception:
    """Note that it is too late for a block; an end of the response as if all were well would be a lie."""
    request.block_response(headers_sent=True)
    return ConnectionAbortedError("the request was blocked after its response had begun")


def answer(request: Request, start_response: Callable[..., Any], failures: Failures) -> Iterable[bytes]:
    """Write the response of a blocked request in place of the application's."""
    response = request.block_response()
    # The response to a failed login comes as late as the application's own would.
    time.sleep(response.get("delay_us", 0) / 1_000_000)
    start_response(*failures.head(response))
    return [response["body"].encode()]


def head_of(environ: dict[str, Any]) -> dict[str, Any]:
    """Return the head of the request as it came over the wire, as arguments of ``Request.head``.

    The names of headers are what the server left of them: in capitals, and with underscores for hyphens.
    """
    headers = [
        (name[5:].replace("_", "-").encode("latin-1", "replace"), wire(value))
        for name, value in environ.items()
        if name.startswith("HTTP_") and isinstance(value, str)
    ]
    without_prefix = [("CONTENT_TYPE", b"content-type"), ("CONTENT_LENGTH", b"content-length")]
    headers += [(name, wire(environ[key])) for key, name in without_prefix if environ.get(key)]
    return {
        "method": wire(environ.get("REQUEST_METHOD")),
        "target": target_of(environ),
        "headers": headers,
        "peer": text_or_none(environ.get("REMOTE_ADDR")),
    }


def target_of(environ: dict[str, Any]) -> bytes:
    """Return the target: the path as it was sent, where the server tells, and the query of the application."""
    sent = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if sent:
        path = wire(sent).partition(b"?")[0]
    else:
        path = quote(wire(environ.get("SCRIPT_NAME")) + wire(environ.get("PATH_INFO")) or b"/").encode()
    query = wire(environ.get("QUERY_STRING"))
    return path + b"?" + query if query else path


def text_or_none(value: Any) -> str | None:
    """Return a text, and None for anything else."""
    return value if isinstance(value, str) else None


def wire(text: Any) -> bytes:
    """Return the bytes of a string of the environment, which stand for themselves (PEP 3333)."""
    if not isinstance(text, str):
        return b""
    for encoding, errors in (("latin-1", "strict"), ("utf-8", "surrogateescape")):
        try:
            return text.encode(encoding, errors)
        except UnicodeEncodeError:
            pass
    return text.encode(errors="replace")


def hold_body(environ: dict[str, Any], request: Request) -> None:
    """Give the body to the request up to its limit, and let the application read it again."""
    source = environ.get("wsgi.input")
    declared = str(environ.get("CONTENT_LENGTH") or "0")
    ends_by_itself = bool(environ.get("wsgi.input_terminated"))
    none_sent = declared == "0" and not environ.get("HTTP_TRANSFER_ENCODING")
    if source is None or (none_sent and not ends_by_itself):
        return
    if not ends_by_itself and not (declared.isascii() and declared.isdecimal() and declared != "0"):
        # The server does not say where the body ends, so that reading it could wait for ever.
        request.unread_body("the server does not tell its length")
        return
    environ["wsgi.input"], _ = held(source, None if ends_by_itself else int(declared), request)


def held(source: Any, left: int | None, request: Request) -> tuple[Any, int]:
    """Give a body to the request up to its limit; ``left`` says how long it is, None that its source ends with it.

    Returns what the application is to read in place of the source, and how many bytes were given to the request.
    """
    pieces: list[bytes] = []
    size = 0
    rest: Any = None
    while left is None or size < left:
        try:
            piece = source.read(PIECE if left is None else min(PIECE, left - size))
        except Exception as error:
            rest = Failed(error)
            break
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
        if not request.body(piece):
            rest = source
            break
    beginning = io.BytesIO(b"".join(pieces))
    return (beginning if rest is None else Input(beginning, rest)), size


@final
class Failed:
    """A source that fails as the server's did."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def read(self, _size: int = -1) -> bytes:
        """Fail."""
        raise self.error

    readline = read

    def close(self) -> None:
        """Do nothing."""


@final
class Input:
    """What the application reads: the beginning of a body, which was held, and then what the server has of it."""

    def __init__(self, beginning: io.BytesIO, rest: Any) -> None:
        self._beginning = beginning
        self._rest = rest

    def read(self, size: int | None = -1) -> bytes:
        """Read so many bytes; all of them without a size."""
        data = self._beginning.read(size)
        more: bytes = b""
        if size is None or size < 0:
            more = self._rest.read()
        elif len(data) < size:
            more = self._rest.read(size - len(data))
        return data + more

    def readline(self, size: int | None = -1) -> bytes:
        """Read a line, of at most so many bytes."""
        line = self._beginning.readline(size)
        limited = size is not None and size >= 0
        if line.endswith(b"\n") or (limited and len(line) == size):
            return line
        more: bytes = self._rest.readline(size - len(line)) if limited and size else self._rest.readline()
        return line + more

    def readlines(self, hint: int | None = None) -> list[bytes]:
        """Read lines up to about so many bytes; all without a number."""
        lines, length = [], 0
        for line in self:
            lines.append(line)
            length += len(line)
            if hint and length >= hint:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        """Read line by line."""
        return iter(self.readline, b"")

    def close(self) -> None:
        """Close both."""
        self._beginning.close()
        close = getattr(self._rest, "close", None)
        if close is not None:
            close()

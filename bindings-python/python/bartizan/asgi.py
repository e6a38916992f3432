"""Protection of an ASGI application (Starlette, FastAPI, Django, ...): requests, responses, and websockets.

Wrap the application that the server is given, or pass the class to ``app.add_middleware`` of Starlette and FastAPI:

>>> from bartizan.asgi import Protection
>>> from bartizan.engine import Engine
>>> async def application(scope, receive, send):
...     await send({"type": "http.response.start", "status": 200, "headers": []})
...     await send({"type": "http.response.body", "body": b"hello"})
>>> application = Protection(application, Engine({"version": "2.2", "rules": []}))
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, final
from urllib.parse import quote

from bartizan._web import LARGEST_FAILURE, judge_path, prepare
from bartizan.engine import Blocked, Engine, Request

__all__ = ["Protection"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[Any]]

# Bodies and messages from this size on are evaluated in a thread, as they take longer than the way there.
LARGE = 1 << 14
# Of websockets: the peer violates the policy (RFC 6455).
POLICY_VIOLATION = 1008


@final
class Protection:
    """An ASGI application around another one.

    ``engine`` is the one of the process unless it is given. ``span`` returns the service-entry span of the request that
    is served: anything with ``set_tag`` or ``set_attribute``. ``client_ip_header`` and ``trusted_proxies`` override the
    engine's settings of the same names for this application.

    The engine reads the body before the application does, up to its limit (``body_limit``); the application receives
    the same messages afterwards, and what lies beyond as it arrives. Responses are passed on as they come. Of a
    websocket, the handshake and each message are evaluated. Anything else, such as ``lifespan``, is passed on.
    """

    def __init__(
        self,
        app: Application,
        engine: Engine | None = None,
        span: Callable[[], Any] = lambda: None,
        *,
        client_ip_header: str | None = None,
        trusted_proxies: Iterable[str] | None = None,
    ) -> None:
        self.application = app
        self.engine, self._proxies = prepare(engine, client_ip_header, trusted_proxies)
        self.span = span

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve a request or a websocket."""
        kinds: dict[str, type[_Http] | type[_Websocket]] = {"http": _Http, "websocket": _Websocket}
        kind = kinds.get(scope["type"])
        if kind is None:
            await self.application(scope, receive, send)
            return
        with self.engine.request(self.span()) as request:
            try:
                await self._serve(request, kind(request, scope, receive, send), scope)
            finally:
                request._end()

    async def _serve(self, request: Request, exchange: _Http | _Websocket, scope: MutableMapping[str, Any]) -> None:
        try:
            head = head_of(scope)
            size = sum(len(name) + len(value) for name, value in head["headers"]) + len(head["target"])
            await in_thread_if(size >= LARGE, lambda: request.head(**head, **self._proxies))
            await exchange.begin()
            await self.application(_Routed(scope, request), exchange.receive, exchange.send)
        except BaseException as error:
            # Frameworks wrap `Blocked` in groups, or raise something else because of it: the decision counts.
            if not request.blocked or isinstance(error, asyncio.CancelledError) or not exchange.replaceable:
                raise
        # They may also have caught it and sent nothing.
        if request.blocked:
            await exchange.refuse()


class _Routed(dict[str, Any]):
    """The scope of a request. A router writes the parameters of the path to it, which are then evaluated.

    What is written also goes to the scope of the server, where applications around this one may look for it.
    """

    def __init__(self, scope: MutableMapping[str, Any], request: Request) -> None:
        super().__init__(scope)
        self._outer = scope
        self._request = request

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        self._outer[name] = value
        if name == "path_params":
            judge_path(self._request, value)

    def update(self, *others: Any, **more: Any) -> None:
        """Set several values."""
        for name, value in dict(*others, **more).items():
            self[name] = value


class _Http:
    """A request: its body is held until it is judged, its response until its head is."""

    def __init__(self, request: Request, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self.request = request
        self._scope = scope
        self._receive = receive
        self._send = send
        self._held: deque[Message] = deque()
        self._begun = False
        self._refused = False
        self._failure: _Failure | None = None

    @property
    def replaceable(self) -> bool:
        """Whether nothing of the application's response was sent."""
        return not self._begun

    async def begin(self) -> None:
        """Take the body up to the engine's limit, and evaluate it."""
        if not may_have_body(self._scope):
            return
        size, more = 0, True
        while more:
            message = await self._receive()
            self._held.append(message)
            if message["type"] != "http.request":
                break
            piece = message.get("body", b"")
            size += len(piece)
            more = self.request.body(piece) and message.get("more_body", False)
        await in_thread_if(size >= LARGE, self.request.body_end)

    async def receive(self) -> Message:
        """Return the next message: first what was held, then what comes."""
        return self._held.popleft() if self._held else await self._receive()

    async def send(self, message: Message) -> None:
        """Pass a message of the response on, once the head has been evaluated; nothing after a refusal."""
        if self._refused:
            return
        if message["type"] == "http.response.start" and not self._begun:
            headers = [[name, value] for name, value in message.get("headers", ())]
            try:
                if not self.request.blocked:
                    self.request.response(message["status"], headers)
            except Blocked:
                pass
            if self.request.blocked:
                await self.refuse()
                return
            self._begun = True
            if self.request.login_failed:
                self._failure = _Failure(self.request, message["status"], headers)
        elif self._failure is not None and message["type"] == "http.response.body":
            self._failure.add(message.get("body", b""), message.get("more_body", False))
        await self._send(message)

    async def refuse(self) -> None:
        """Send the engine's response in place of the application's, if nothing of that was sent."""
        if self._refused or self._begun:
            return
        self._refused = True
        response = self.request.block_response()
        # The response to a failed login comes as late as the application's own would.
        if response.get("delay_us"):
            await asyncio.sleep(response["delay_us"] / 1_000_000)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response["headers"].items()]
        await self._send({"type": "http.response.start", "status": response["status"], "headers": headers})
        await self._send({"type": "http.response.body", "body": response["body"].encode()})


class _Failure:
    """The response to a failed login, unless it is larger than what the engine learns from."""

    def __init__(self, request: Request, status: int, headers: list[list[bytes]]) -> None:
        self._request = request
        self._head = (status, headers)
        self._body = bytearray()

    def add(self, piece: bytes, more: bool) -> None:
        """Take a piece of the body; the last one lets the engine learn."""
        if len(self._body) <= LARGEST_FAILURE:
            self._body += piece
        if not more and len(self._body) <= LARGEST_FAILURE:
            self._request.learn_login_failure(*self._head, self._body.decode(errors="replace"))


class _Websocket:
    """A websocket: its handshake is evaluated before it is accepted, each message before the application has it."""

    def __init__(self, request: Request, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self.request = request
        self._extensions = scope.get("extensions") or {}
        self._receive = receive
        self._send = send
        self._accepted = False
        self._closed = False

    replaceable = True

    async def begin(self) -> None:
        """Nothing precedes the first message."""

    async def receive(self) -> Message:
        """Return the next message; after a refusal, the application hears that the peer is gone."""
        message = await self._receive()
        if message["type"] == "websocket.receive" and not self._closed:
            data = message.get("text") or message.get("bytes") or b""
            try:
                await in_thread_if(len(data) >= LARGE, lambda: self.request.message(data))
            except Blocked:
                await self.refuse()
        if self._closed:
            return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
        return message

    async def send(self, message: Message) -> None:
        """Pass a message on, unless the websocket was closed by a refusal."""
        if self._closed:
            return
        if self.request.blocked:
            await self.refuse()
            return
        self._accepted = self._accepted or message["type"] == "websocket.accept"
        await self._send(message)
        self._closed = message["type"] == "websocket.close"

    async def refuse(self) -> None:
        """Answer the handshake with the engine's response, if the server can do that, or close the websocket."""
        if self._closed:
            return
        self._closed = True
        response = {} if self._accepted else self.request.block_response()
        if response and "websocket.http.response" in self._extensions:
            headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response["headers"].items()]
            start = {"type": "websocket.http.response.start", "status": response["status"], "headers": headers}
            await self._send(start)
            await self._send({"type": "websocket.http.response.body", "body": response["body"].encode()})
        else:
            await self._send({"type": "websocket.close", "code": POLICY_VIOLATION})


def head_of(scope: MutableMapping[str, Any]) -> dict[str, Any]:
    """Return the head of the request as it came over the wire, as arguments of ``Request.head``."""
    path = scope.get("raw_path") or quote(wire(scope.get("path") or "/")).encode()
    query = wire(scope.get("query_string"))
    client = scope.get("client")
    return {
        "method": wire(scope.get("method") or "GET"),
        "target": path + b"?" + query if query else path,
        "headers": [(wire(name), wire(value)) for name, value in scope.get("headers") or ()],
        "peer": client[0] if client and isinstance(client[0], str) else None,
    }


def wire(value: Any) -> bytes:
    """Return bytes; servers that give texts in place of them, against the specification, are understood."""
    if isinstance(value, str):
        return value.encode(errors="replace")
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""


def may_have_body(scope: MutableMapping[str, Any]) -> bool:
    """Whether a body was announced; HTTP/2 need not announce it."""
    headers = {wire(name).lower(): wire(value) for name, value in scope.get("headers") or ()}
    announced = b"transfer-encoding" in headers or headers.get(b"content-length", b"0").strip() != b"0"
    return announced or not str(scope.get("http_version") or "1.1").startswith("1")


async def in_thread_if(large: bool, run: Callable[[], None]) -> None:
    """Run something that may take longer in a thread of the event loop, if that is one of asyncio."""
    if large:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            await loop.run_in_executor(None, run)
            return
    run()

"""What the ASGI helper evaluates, passes on and refuses, with applications driven message by message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest
from bartizan import sdk
from bartizan.asgi import Protection
from bartizan.engine import Blocked, Engine

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ADDRESSES = [
    "request.query",
    "request.cookies",
    "request.body",
    "request.body.filenames",
    "response.headers.no_cookies",
]
INPUTS = [{"address": f"server.{address}"} for address in ADDRESSES]
RULE = {
    "id": "r",
    "name": "n",
    "tags": {"type": "t"},
    "conditions": [{"operator": "match_regex", "parameters": {"regex": "evil", "inputs": INPUTS}}],
    "on_match": ["block"],
}


def engine() -> Engine:
    return Engine({"version": "2.2", "rules": [RULE]}, mode="block", timeout_us=10_000_000, body_limit=100_000)


class Span(dict[str, Any]):
    def set_tag(self, name: str, value: Any) -> None:
        self[name] = value


class Driven:
    """An application after it was served these messages."""

    def __init__(self, application: Any, scope: Message, *messages: Message, engine: Engine = engine()) -> None:  # noqa: B008
        self.sent: list[Message] = []
        self.span = Span()
        left = list(messages)

        async def receive() -> Message:
            return left.pop(0) if left else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            self.sent.append(message)

        protected = Protection(application, engine, lambda: self.span)
        asyncio.run(protected(scope, receive, send))
        self.left = left

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


def scope(body: bytes | None = None, kind: str = "", **more: Any) -> Message:
    headers = [] if body is None else [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
    request: Message = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/", "query_string": b""}
    return {**request, "headers": headers, "client": ("192.0.2.1", 1234), **more}


def pieces(*bodies: bytes) -> list[Message]:
    last = len(bodies) - 1
    return [{"type": "http.request", "body": body, "more_body": at < last} for at, body in enumerate(bodies)]


async def echo(scope: Message, receive: Receive, send: Send) -> None:
    """Send back what is received, piece by piece."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1"), (b"x-a", b"2")]})
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        await send({"type": "http.response.body", "body": message.get("body", b""), "more_body": more})


@pytest.mark.parametrize("size", [0, 1, 70_000, 100_000, 100_001, 3_000_000])
def test_every_byte_reaches_the_application(size: int) -> None:
    data = b"x" * size
    cut = [data[at : at + 60_000] for at in range(0, size, 60_000)] or [b""]
    served = Driven(echo, scope(data, "text/plain"), *pieces(*cut))
    assert (served.status, served.body == data) == (200, True)
    assert served.sent[0]["headers"] == [(b"x-a", b"1"), (b"x-a", b"2")]
    assert len(served.sent) == len(cut) + 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"a": "\\u0065vil"}'),
        ("application/x-www-form-urlencoded", b"a=%65vil"),
        (
            "multipart/form-data; boundary=B",
            b"--B\r\nContent-Disposition: form-data; name=a; filename=evil\r\n\r\nx\r\n--B--",
        ),
        ("text/xml", b"<a>&#101;vil</a>"),
        ("text/plain", b"x" * 90_000 + b"evil"),
    ],
)
def test_attacks_in_bodies_never_reach_the_application(kind: str, body: bytes) -> None:
    async def application(*_: Any) -> None:
        raise AssertionError

    half = len(body) // 2
    for messages in (pieces(body), pieces(body[:half], body[half:])):
        served = Driven(application, scope(body, kind), *messages)
        assert (served.status, served.span["appsec.blocked"]) == (403, "true")
        assert b"blocked" in served.body
    without_length = scope(http_version="2", headers=[(b"content-type", kind.encode())])
    assert Driven(application, without_length, *pieces(body)).status == 403


def test_attacks_in_heads() -> None:
    assert Driven(echo, scope(query_string=b"a=%65vil")).status == 403
    assert Driven(echo, scope(headers=[(b"cookie", b"a=1"), (b"cookie", b"b=evil")])).status == 403
    assert Driven(echo, scope(raw_path=b"/evil")).status == 200


def test_a_request_without_a_body_is_not_waited_for() -> None:
    async def application(_: Message, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    served = Driven(application, scope(), *pieces(b""))
    assert (served.status, len(served.left)) == (204, 1)


def test_a_client_that_leaves_is_heard_of_by_the_application() -> None:
    heard: list[str] = []

    async def application(_: Message, receive: Receive, __: Send) -> None:
        heard.extend([(await receive())["type"], (await receive())["type"]])

    Driven(application, scope(b"12345", "text/plain"), *pieces(b"12", b"")[:1])
    assert heard == ["http.request", "http.disconnect"]


def test_responses() -> None:
    async def application(_: Message, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"evil")]})
        await send({"type": "http.response.body", "body": b"secret"})

    served = Driven(application, scope())
    assert (served.status, b"secret" in served.body, len(served.sent)) == (403, False, 2)


class GroupError(Exception):
    """As frameworks wrap exceptions."""


@pytest.mark.parametrize("how", ["raised", "wrapped", "swallowed", "answered"])
def test_a_refused_user(how: str) -> None:
    async def application(_: Message, __: Receive, send: Send) -> None:
        try:
            sdk.set_user(None, "mallory")
        except Blocked as blocked:
            if how == "raised":
                raise
            if how == "wrapped":
                raise GroupError from blocked
        if how == "answered":
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b"secret"})

    with_block = engine()
    with_block.block(user="mallory")
    served = Driven(application, scope(), engine=with_block)
    assert (served.status, len(served.sent), served.span["usr.id"]) == (403, 2, "mallory")


def test_errors_of_the_application_are_its_own() -> None:
    async def application(*_: Any) -> None:
        raise GroupError

    with pytest.raises(GroupError):
        Driven(application, scope())


def test_a_response_that_has_begun_is_ended() -> None:
    async def application(_: Message, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        sdk.set_user(None, "mallory")

    with_block = engine()
    with_block.block(user="mallory")
    with pytest.raises(Blocked):
        Driven(application, scope(), engine=with_block)


def test_other_scopes_are_passed_on() -> None:
    async def application(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": f"{(await receive())['type']}.complete"})

    served = Driven(application, {"type": "lifespan"}, {"type": "lifespan.startup"})
    assert served.sent == [{"type": "lifespan.startup.complete"}]


async def chat(_: Message, receive: Receive, send: Send) -> None:
    """Accept, and send back every message until the peer is gone."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message.get("text")})


WEBSOCKET = {**scope(), "type": "websocket"}
CONNECT: Message = {"type": "websocket.connect"}


def text(data: str) -> Message:
    return {"type": "websocket.receive", "text": data}


def test_websockets() -> None:
    gone: Message = {"type": "websocket.disconnect", "code": 1000}
    served = Driven(chat, WEBSOCKET, CONNECT, text("hello"), text("x" * 200_000), gone)
    assert [message["type"] for message in served.sent] == ["websocket.accept", "websocket.send", "websocket.send"]
    for attack in ("evil", '{"a": "\\u0065vil"}', "x" * 90_000 + "evil"):
        served = Driven(chat, WEBSOCKET, CONNECT, text("hello"), text(attack), text("more"))
        types = [message["type"] for message in served.sent]
        assert types == ["websocket.accept", "websocket.send", "websocket.close"]
        assert served.sent[-1]["code"] == 1008
    binary = Driven(chat, WEBSOCKET, CONNECT, {"type": "websocket.receive", "bytes": b"evil"})
    assert binary.sent[-1] == {"type": "websocket.close", "code": 1008}


def test_handshakes() -> None:
    refused = {**WEBSOCKET, "query_string": b"a=evil"}
    assert Driven(chat, refused, CONNECT).sent == [{"type": "websocket.close", "code": 1008}]
    served = Driven(chat, {**refused, "extensions": {"websocket.http.response": {}}}, CONNECT)
    assert [message["type"] for message in served.sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert served.status == 403


def test_parameters_of_the_path_are_seen_where_a_router_finds_them() -> None:
    rules = {"version": "2.2", "rules": [{**RULE, "conditions": [path_condition()]}]}

    async def router(scope: Message, receive: Receive, send: Send) -> None:
        scope.update({"path_params": {"id": int(scope["path"][1:]) if scope["path"][1:].isdigit() else scope["path"]}})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    for path, status in [("/7", 200), ("/evil", 403)]:
        outer = scope(path=path)
        assert Driven(router, outer, engine=Engine(rules, mode="block")).status == status
        assert "path_params" in outer


def path_condition() -> dict[str, Any]:
    inputs = [{"address": "server.request.path_params"}]
    return {"operator": "match_regex", "parameters": {"regex": "evil", "inputs": inputs}}


def test_the_engine_of_the_process_is_used_unless_one_is_given() -> None:
    async def application(scope: Message, receive: Receive, send: Send) -> None: ...

    assert Protection(application).engine is Protection(application).engine


@pytest.mark.parametrize(
    "more",
    [
        {"headers": [(b"content-length", b"ten"), (b"\xff", b"\x00")]},
        {"headers": [("content-length", "3")], "query_string": "a=b", "path": "/\ud800", "raw_path": None},
        {"headers": None, "client": None, "method": None, "path": None, "query_string": None},
        {"headers": [], "client": ["127.0.0.1"], "http_version": None, "extensions": None},
    ],
)
def test_scopes_as_no_server_should_make_them(more: dict[str, Any]) -> None:
    async def application(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"served"})

    assert Driven(application, scope(b"abc", "text/plain", **more), *pieces(b"abc")).body == b"served"

"""FastAPI and Starlette applications with the middleware, over HTTP and websockets."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import fastapi
import pytest
from bartizan import asgi as protection
from bartizan import engine as engines
from bartizan import sdk
from bartizan.engine import Engine
from fastapi.responses import StreamingResponse
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from served import Spans, Visitor, asgi, detecting

ADDRESSES = ("server.request.query", "server.request.body", "server.request.path_params")


class Tracing(BaseHTTPMiddleware):
    """A middleware of the kind that runs the rest in a group of tasks."""

    async def dispatch(self, request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-traced"] = "yes"
        return response


def make_app() -> fastapi.FastAPI:
    app = fastapi.FastAPI()

    @app.get("/items/{item}")
    async def items(item: str) -> dict[str, str]:
        return {"item": item}

    @app.get("/threads/{item}")
    def threads(item: str) -> dict[str, str]:
        sdk.set_user(None, item)
        return {"item": item}

    @app.post("/json")
    async def take(body: dict[str, Any]) -> dict[str, Any]:
        return body

    @app.get("/user/{name}")
    async def user(name: str) -> str:
        sdk.set_user(None, name)
        return name

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            yield "a"
            sdk.set_user(None, "streamer")
            yield "b"

        return StreamingResponse(parts())

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError

    @app.websocket("/echo/{room}")
    async def echo(socket: fastapi.WebSocket, room: str) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(f"{room}: {text}")

    return app


@pytest.fixture
def engine() -> Engine:
    return detecting("evil", *ADDRESSES)


@pytest.fixture
def spans() -> Spans:
    return Spans()


@pytest.fixture(params=["alone", "inside", "outside"])
def port(request: pytest.FixtureRequest, engine: Engine, spans: Spans) -> Iterator[int]:
    """The application, alone or with a middleware that wraps exceptions in groups, inside or outside of ours."""
    app = make_app()
    if request.param == "inside":
        app.add_middleware(Tracing)
    app.add_middleware(protection.Protection, engine=engine, span=spans)
    if request.param == "outside":
        app.add_middleware(Tracing)
    with asgi(app) as port:
        yield port


@pytest.fixture
def visitor(port: int) -> Visitor:
    return Visitor(port)


def test_attacks_are_refused(visitor: Visitor) -> None:
    assert visitor.get("/items/7") == (200, '{"item":"7"}')
    assert visitor.get("/items/an-evil-one")[0] == 403
    assert visitor.get("/threads/an-evil-one")[0] == 403
    assert visitor.get("/items/7?q=%65vil")[0] == 403
    kind = {"content-type": "application/json"}
    assert visitor.send("/json", b'{"a": "good"}', kind)[:2] == (200, '{"a":"good"}')
    assert visitor.send("/json", b'{"a": "\\u0065vil"}', kind)[0] == 403
    large = json.dumps({"a": "x" * 500_000}).encode()
    assert visitor.send("/json", large, kind)[0] == 200
    assert visitor.send("/json", large.replace(b"xx", b"evil", 1), kind)[0] == 403


def test_blocked_users_are_refused(visitor: Visitor, engine: Engine, spans: Spans) -> None:
    engine.block(user="mallory", seconds=3600)
    for path in ("user", "threads"):
        assert visitor.get(f"/{path}/alice")[0] == 200
        assert spans[-1]["usr.id"] == "alice"
        status, body, headers = visitor.send(f"/{path}/mallory", None, {"accept": "text/html"})
        assert (status, headers["content-type"]) == (403, "text/html; charset=utf-8")
        assert "blocked" in body
    assert visitor.get("/stream") == (200, "ab")


def test_an_error_of_the_application_stays_its_own(visitor: Visitor) -> None:
    assert visitor.get("/broken") == (500, "Internal Server Error")


def test_websockets(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/echo/room") as socket:
        socket.send("hello")
        assert socket.recv() == "room: hello"
        socket.send("an evil message")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://127.0.0.1:{port}/echo/evil"):
        pass
    assert refused.value.response.status_code == 403


def test_starlette_routes_of_mounted_applications(engine: Engine) -> None:
    async def item(request: Request) -> PlainTextResponse:
        return PlainTextResponse(" ".join(request.path_params.values()))

    inner = Mount("/{shop}", routes=[Route("/{item}", item)])
    app = Starlette(routes=[inner])
    app.add_middleware(protection.Protection, engine)
    with asgi(app) as port:
        visitor = Visitor(port)
        assert visitor.get("/a/b") == (200, "a b")
        assert visitor.get("/evil/b")[0] == 403
        assert visitor.get("/a/evil")[0] == 403


def test_large_requests_do_not_block_the_event_loop(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    judged: set[int] = set()
    loops: set[int] = set()
    for name in ("head", "body_end", "message"):
        original = getattr(engines.Request, name)

        def noting(self: Any, *args: Any, original: Any = original, **kwargs: Any) -> None:
            judged.add(threading.get_ident())
            original(self, *args, **kwargs)

        monkeypatch.setattr(engines.Request, name, noting)
    app = make_app()
    app.add_middleware(protection.Protection, engine=engine)

    async def served(scope: Any, receive: Any, send: Any) -> None:
        loops.add(threading.get_ident())
        await app(scope, receive, send)

    long = {f"x-long-{n}": "y" * 7000 for n in range(3)} | {"content-type": "application/json"}
    with asgi(served) as port:
        assert Visitor(port).send("/json", json.dumps({"a": "x" * 500_000}).encode(), long)[0] == 200
        with connect(f"ws://127.0.0.1:{port}/echo/room", additional_headers=long) as socket:
            socket.send("z" * 100_000)
            assert len(socket.recv()) == 100_006
    assert judged
    assert not judged & loops

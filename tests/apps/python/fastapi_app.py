"""The application in FastAPI, with endpoints of both kinds."""

from __future__ import annotations

from typing import Annotated, Any

import fastapi
import shop
from bartizan import sdk
from fastapi.responses import PlainTextResponse, StreamingResponse

app = fastapi.FastAPI(default_response_class=PlainTextResponse)
Field = Annotated[str, fastapi.Form()]


@app.get("/")
@app.head("/")
async def index() -> str:
    return "hello"


@app.post("/echo")
async def echo(request: fastapi.Request) -> str:
    return shop.digest(await request.body())


@app.get("/items/{item}")
async def items(item: str) -> str:
    return f"item {item}"


@app.post("/form")
async def form(name: Field) -> str:
    return f"name={name}"


@app.post("/upload")
async def upload(file: fastapi.UploadFile | None = None) -> str:
    return "nothing" if file is None else f"{file.filename}:{len(await file.read())}"


@app.get("/stream")
async def stream(parts: int) -> StreamingResponse:
    return StreamingResponse(shop.parts(parts))


@app.get("/leak")
async def leak() -> PlainTextResponse:
    return PlainTextResponse("secret", headers={"x-leak": "secret"})


@app.get("/error")
async def error() -> str:
    raise ZeroDivisionError


@app.post("/login")
async def login(username: Field, password: Field) -> Any:
    if not shop.has_account(username, password):
        sdk.track_login_failure(username, exists=False)
        return PlainTextResponse("wrong", 401)
    sdk.track_login_success(username, username)
    response = PlainTextResponse("welcome")
    response.set_cookie("user", username)
    return response


@app.post("/signup")
def signup(username: Field) -> str:
    sdk.track_signup(username)
    return "created"


@app.get("/me")
async def me(request: fastapi.Request) -> PlainTextResponse:
    user = request.cookies.get("user")
    if user is None:
        return PlainTextResponse("", 401)
    sdk.set_user(None, user)
    return PlainTextResponse(user)


@app.get("/caught")
async def caught(user: str) -> str:
    return shop.caught(user)


@app.get("/file")
def file(name: str) -> str:
    return shop.read(name)


@app.post("/file")
def file_of_form(name: Field) -> str:
    return shop.read(name)


@app.get("/query")
def query(id: str) -> str:  # noqa: A002
    return shop.query(id)


@app.get("/run")
def run(word: str) -> str:
    return shop.run(word)


@app.get("/fetch")
def fetch(host: str | None = None) -> str:
    return shop.fetch(host)


@app.websocket("/socket")
async def socket(channel: fastapi.WebSocket) -> None:
    await channel.accept()
    async for text in channel.iter_text():
        await channel.send_text(text)


if not shop.BARE:
    from bartizan.asgi import Protection

    app.add_middleware(Protection, engine=shop.make_engine())

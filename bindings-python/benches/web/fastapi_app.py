"""The FastAPI application that `../web.py` measures."""

import os

import fastapi

app = fastapi.FastAPI()


@app.get("/")
async def index() -> str:
    return "hello"


@app.post("/json")
async def take_json(request: fastapi.Request) -> int:
    return len(await request.json())


@app.post("/form")
async def take_form(request: fastapi.Request) -> int:
    return len(await request.form())


if os.environ["PROTECTION"] == "bartizan":
    import bartizan
    from bartizan.asgi import Protection

    bartizan.protect_calls()
    app.add_middleware(Protection)

"""A FastAPI application, to be run under ddtrace-run: fastapi_app.py PORT"""

import subprocess
import sys
import urllib.request
from pathlib import Path

import fastapi
import uvicorn
from ddtrace.appsec import track_user_sdk
from fastapi.responses import PlainTextResponse

app = fastapi.FastAPI()


@app.get("/search")
def search(q: str):
    return {"found": [{"id": 1, "title": q}]}


@app.post("/body")
async def body(request: fastapi.Request):
    is_json = request.headers["content-type"] == "application/json"
    return {"kind": str(type(await request.json() if is_json else await request.form()))}


@app.get("/items/{name:path}")
def item(name: str):
    return f"item {name}"


@app.get("/file")
def file(name: str):
    with Path(name).open() as opened:
        return opened.read(1)


@app.get("/fetch")
def fetch(url: str):
    try:
        with urllib.request.urlopen(url, timeout=1):
            return "some"
    except OSError:
        return "none"


@app.get("/run")
def run(command: str):
    return str(subprocess.run(command, shell=True, capture_output=True).returncode)


@app.get("/user/{name}")
def user(name: str):
    track_user_sdk.track_user(name, name)
    return "hello"


@app.post("/login")
async def login(request: fastapi.Request):
    given = await request.json()
    if given["password"] == "right":
        track_user_sdk.track_login_success(given["login"], f"id of {given['login']}", {"role": "any"})
        return "welcome"
    track_user_sdk.track_login_failure(given["login"], False)
    return PlainTextResponse("wrong", 401)


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")

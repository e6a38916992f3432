"""A Flask application, to be run under ddtrace-run: flask_app.py PORT"""

import subprocess
import sys
import urllib.request
from pathlib import Path

import flask
from ddtrace.appsec import track_user_sdk

app = flask.Flask(__name__)


@app.get("/search")
def search():
    return {"found": [{"id": 1, "title": flask.request.args["q"]}]}


@app.post("/body")
def body():
    return {"kind": str(type(flask.request.get_json() if flask.request.is_json else flask.request.form))}


@app.get("/items/<path:name>")
def item(name):
    return f"item {name}"


@app.get("/file")
def file():
    with Path(flask.request.args["name"]).open() as opened:
        return opened.read(1)


@app.get("/fetch")
def fetch():
    try:
        with urllib.request.urlopen(flask.request.args["url"], timeout=1):
            return "some"
    except OSError:
        return "none"


@app.get("/run")
def run():
    return str(subprocess.run(flask.request.args["command"], shell=True, capture_output=True).returncode)


@app.get("/user/<name>")
def user(name):
    track_user_sdk.track_user(name, name)
    return "hello"


@app.post("/login")
def login():
    given = flask.request.get_json()
    if given["password"] == "right":
        track_user_sdk.track_login_success(given["login"], f"id of {given['login']}", {"role": "any"})
        return "welcome"
    track_user_sdk.track_login_failure(given["login"], False)
    return "wrong", 401


app.run("127.0.0.1", int(sys.argv[1]))

"""The application in Flask, with Flask-Login."""

from __future__ import annotations

from typing import Any

import flask
import flask_login
import shop
from bartizan import sdk

app = flask.Flask(__name__)
app.secret_key = "test"
manager = flask_login.LoginManager(app)


class User(flask_login.UserMixin):  # type: ignore[misc]
    """A user, whose name is the id."""

    def __init__(self, name: str) -> None:
        self.id = self.username = name


manager.user_loader(User)


@app.get("/")
def index() -> str:
    return "hello"


@app.post("/echo")
def echo() -> str:
    return shop.digest(flask.request.get_data())


@app.get("/items/<item>")
def items(item: str) -> str:
    return f"item {item}"


@app.post("/form")
def form() -> str:
    return f"name={flask.request.form.get('name')}"


@app.post("/upload")
def upload() -> str:
    file = flask.request.files.get("file")
    return "nothing" if file is None else f"{file.filename}:{len(file.read())}"


@app.get("/stream")
def stream() -> Any:
    return flask.Response(shop.parts(flask.request.args["parts"]))


@app.get("/leak")
def leak() -> Any:
    return "secret", 200, {"x-leak": "secret"}


@app.get("/error")
def error() -> str:
    raise ZeroDivisionError


@app.post("/login")
def login() -> Any:
    name = flask.request.form["username"]
    if not shop.has_account(name, flask.request.form["password"]):
        sdk.track_login_failure(name, exists=False)
        return "wrong", 401
    flask_login.login_user(User(name))
    return "welcome"


@app.post("/signup")
def signup() -> str:
    sdk.track_signup(flask.request.form["username"])
    return "created"


@app.get("/me")
def me() -> Any:
    user = flask_login.current_user
    return user.id if user.is_authenticated else ("", 401)


@app.get("/caught")
def caught() -> str:
    return shop.caught(flask.request.args["user"])


@app.route("/file", methods=["GET", "POST"])
def file() -> str:
    return shop.read(flask.request.values["name"])


@app.get("/query")
def query() -> str:
    return shop.query(flask.request.args["id"])


@app.get("/run")
def run() -> str:
    return shop.run(flask.request.args["word"])


@app.get("/fetch")
def fetch() -> str:
    return shop.fetch(flask.request.args.get("host"))


if not shop.BARE:
    from bartizan.flask import Bartizan

    Bartizan(app, shop.make_engine())

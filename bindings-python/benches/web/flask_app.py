"""The Flask application that `../web.py` measures."""

import os

import flask

app = flask.Flask(__name__)


@app.get("/")
def index() -> str:
    return "hello"


@app.post("/json")
def take_json() -> str:
    return str(len(flask.request.get_json()))


@app.post("/form")
def take_form() -> str:
    return str(len(flask.request.form))


if os.environ["PROTECTION"] == "bartizan":
    import bartizan
    from bartizan.flask import Bartizan

    bartizan.protect_calls()
    Bartizan(app)

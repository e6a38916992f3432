"""An application in Flask with the mistakes that scanners look for. Never serve it to anyone but a scanner.

With the variable BARE set, it runs without bartizan.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
from pathlib import Path

import bartizan
import flask

app = flask.Flask(__name__)
NOTES = Path(__file__).parent

if not os.environ.get("BARE"):
    from bartizan.flask import Bartizan

    bartizan.protect_calls()
    Bartizan(app)


def rows(statement: str) -> list[tuple[str, ...]]:
    """Run a statement on a database of its own."""
    database = sqlite3.connect(":memory:")
    database.executescript(
        "create table users (id integer, name text, password text);"
        "insert into users values (1, 'ann', 'secret'), (2, 'bob', 'hidden'), (3, 'eve', 'unknown');"
    )
    return database.execute(statement).fetchall()


@app.get("/")
def index() -> str:
    return """<!doctype html><title>Vulnerable</title>
<a href="/user?id=1">user</a> <a href="/search?q=shoes">search</a> <a href="/note?name=note.txt">note</a>
<form action="/login" method="post"><input name="username" value="ann"><input name="password" value="x">
<input type="submit"></form>
<form action="/say" method="post"><input name="word" value="hello"><input type="submit"></form>"""


@app.get("/user")
def user() -> str:
    found = rows(f"select name from users where id = {flask.request.args.get('id', '1')}")
    return "<br>".join(str(name) for (name,) in found) or "nobody"


@app.post("/login")
def login() -> str:
    form = flask.request.form
    name, password = form.get("username", ""), form.get("password", "")
    found = rows(f"select name from users where name = '{name}' and password = '{password}'")
    return f"welcome {found[0][0]}" if found else "wrong"


@app.get("/search")
def search() -> str:
    return f"<p>Nothing was found for {flask.request.args.get('q', '')}</p>"


@app.get("/note")
def note() -> str:
    return (NOTES / flask.request.args.get("name", "note.txt")).read_text()


@app.post("/say")
def say() -> str:
    command = f"echo {flask.request.form.get('word', '')}"
    return subprocess.run(command, shell=True, capture_output=True, text=True, timeout=5, check=False).stdout

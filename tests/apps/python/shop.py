"""What the applications have in common: users, and the dangerous things that they do with what clients send."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bartizan
from bartizan import sdk
from bartizan.engine import Engine

BARE = bool(os.environ.get("BARE"))
WITHOUT_ACCOUNT = ("canary-out", "nobody")
PIECE = b"x" * 65536

# Where this run of the application keeps its files, given by whoever starts the server.
FOLDER = Path(os.environ["SHOP_FOLDER"])
(FOLDER / "files").mkdir(exist_ok=True)
(FOLDER / "files" / "note.txt").write_text("a note")
(FOLDER / "scenario.json").write_text("not for clients")


def make_engine() -> Engine:
    """Make the engine of the scenario, and let it judge calls."""
    document = json.loads((Path(__file__).parents[1] / "scenario.json").read_text())
    engine = Engine(**document["settings"])
    for path, content in document["remote"]:
        states = engine.apply_remote(changed=[(path, content)])["states"]
        assert all(state["state"] == 2 for state in states), states
    for block in document["blocks"]:
        engine.block(**block)
    bartizan.protect_calls()
    return engine


def has_account(username: str, password: str) -> bool:
    """Check a password."""
    return username not in WITHOUT_ACCOUNT and password == "correct"


def digest(body: bytes) -> str:
    """Return length and hash of a body."""
    return f"{len(body)} {hashlib.sha256(body).hexdigest()}"


def parts(number: Any) -> Iterator[bytes]:
    """Return the parts of a stream."""
    return (PIECE for _ in range(int(number)))


def caught(user: str) -> str:
    """Tell of a user, and catch whatever comes of it."""
    try:
        sdk.set_user(None, user)
    except BaseException:
        return "caught"
    return "not blocked"


def read(name: str) -> str:
    """Open a file that the client names."""
    with open(os.path.join(FOLDER, "files", name)) as file:
        return file.read()


def query(id: str) -> str:  # noqa: A002
    """Count the users with an id."""
    database = sqlite3.connect(":memory:")
    database.execute("create table users (id integer)")
    database.executemany("insert into users values (?)", [(1,), (2,)])
    return str(database.execute(f"select count(*) from users where id = {id}").fetchone()[0])


def run(word: str) -> str:
    """Say a word by the shell."""
    return subprocess.run(f"echo {word}", shell=True, capture_output=True, text=True, check=False).stdout.strip()


def fetch(host: str | None) -> str:
    """Request the first page of a host."""
    if not host:
        return "nothing"
    return urllib.request.urlopen(f"http://{host}/", timeout=5).read().decode()

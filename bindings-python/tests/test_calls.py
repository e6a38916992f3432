"""Dangerous calls are judged before they happen, only in requests, and once each."""

from __future__ import annotations

import asyncio
import http.client
import http.server
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import bartizan
import httpx
import pytest
import requests
import sqlalchemy
import urllib3
from bartizan._calls import judge
from bartizan.engine import Blocked, Engine, Request

from served import Span, detecting


@pytest.fixture(autouse=True)
def protected() -> Iterator[None]:
    assert bartizan.protect_calls(True)
    yield
    assert not bartizan.protect_calls(False)


def blocks(address: str, call: Callable[[], Any]) -> bool:
    """Whether a call is blocked in a request; outside of one it must not be."""
    request = detecting("evil", address).request()
    request.head(b"GET", b"/", [])
    try:
        with request:
            call()
    except BaseException:
        if not request.blocked:
            raise
    return request.blocked


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/redirect":
                self.send_response(302)
                self.send_header("Location", "/evil")
            else:
                self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_files(tmp_path: Path) -> None:
    good, evil = tmp_path / "good", tmp_path / "evil"
    for path in (good, evil):
        path.write_text("text")
    for call in (lambda p: open(p).close(), lambda p: p.read_text(), lambda p: os.close(os.open(p, os.O_RDONLY))):
        assert blocks("server.io.fs.file", lambda call=call: call(evil))  # type: ignore[misc]
        assert not blocks("server.io.fs.file", lambda call=call: call(good))  # type: ignore[misc]
        assert not blocks("server.io.fs.file_write", lambda call=call: call(evil))  # type: ignore[misc]
    assert blocks("server.io.fs.file_write", lambda: open(evil, "w"))  # noqa: SIM115
    assert blocks("server.io.fs.file", lambda: open(os.fsencode(evil), "ab"))  # noqa: SIM115
    assert evil.read_text() == "text"


def test_imports_are_not_files_of_a_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "evil_module.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert not blocks("server.io.fs.file", lambda: __import__("evil_module"))


def test_commands() -> None:
    shell, program = "server.sys.shell.cmd", "server.sys.exec.cmd"
    assert blocks(shell, lambda: os.system("true evil"))
    assert blocks(shell, lambda: os.popen("true evil").close())
    assert blocks(shell, lambda: subprocess.run("true evil", shell=True))
    assert blocks(shell, lambda: subprocess.run(["sh", "-c", "true evil"]))
    assert blocks(program, lambda: subprocess.run(["true", "evil"]))
    assert blocks(program, lambda: subprocess.run("evil"))
    assert blocks(program, lambda: os.posix_spawn("/bin/true", ["true", "evil"], {}))
    assert blocks(program, lambda: os.execv("/bin/true", ["true", "evil"]))
    assert not blocks(program, lambda: subprocess.run("true evil", shell=True))
    assert not blocks(shell, lambda: subprocess.run(["true", "good"]))


def urls(port: int) -> dict[str, Callable[[str], Any]]:
    """Return what requests a URL, each by another library."""
    base = f"http://127.0.0.1:{port}"

    def connection(path: str) -> None:
        opened = http.client.HTTPConnection("127.0.0.1", port)
        opened.request("GET", path)
        opened.getresponse().read()

    def pieces(path: str) -> None:
        opened = http.client.HTTPConnection("127.0.0.1", port)
        opened.putrequest("GET", path)
        opened.endheaders()
        opened.getresponse().read()

    async def asynchronous(path: str) -> None:
        async with httpx.AsyncClient(follow_redirects=True) as client:
            await client.get(base + path)

    async def aiohttp_session(path: str) -> None:
        async with aiohttp.ClientSession(base) as session, session.get(path) as answer:
            await answer.read()

    return {
        "urllib": lambda path: urllib.request.urlopen(base + path).read(),
        "urllib_request": lambda path: urllib.request.urlopen(urllib.request.Request(base + path)).read(),
        "http.client": connection,
        "putrequest": pieces,
        "urllib3": lambda path: urllib3.PoolManager().request("GET", base + path),
        "requests": lambda path: requests.get(base + path),
        "httpx": lambda path: httpx.get(base + path, follow_redirects=True),
        "httpx_async": lambda path: asyncio.run(asynchronous(path)),
        "aiohttp": lambda path: asyncio.run(aiohttp_session(path)),
    }


@pytest.mark.parametrize("library", [*urls(0)])
def test_urls(port: int, library: str) -> None:
    call = urls(port)[library]
    address = "server.io.net.url"
    assert not blocks(address, lambda: call("/good"))
    assert blocks(address, lambda: call("/evil"))
    if library not in ("http.client", "putrequest"):
        assert blocks(address, lambda: call("/redirect"))


@pytest.mark.parametrize("library", [*urls(0)])
def test_each_url_is_judged_once(port: int, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    request = detecting("evil", "server.io.net.url").request()
    request.head(b"GET", b"/", [])
    original = Request.operation

    def operation(self: Request, addresses: Any) -> None:
        seen.extend(value for name, value in addresses.items() if name == "server.io.net.url")
        original(self, addresses)

    monkeypatch.setattr(Request, "operation", operation)
    with request:
        urls(port)[library]("/good")
    assert seen == [f"http://127.0.0.1:{port}/good"]


@pytest.mark.parametrize(("query", "found"), [("host=127.0.0.1:{}", True), ("url=http://127.0.0.1:{}/good", False)])
def test_a_host_within_a_url_is_injected_and_a_whole_url_is_not(port: int, query: str, found: bool) -> None:
    request = Engine(timeout_us=10_000_000).request()
    request.head(b"GET", f"/?{query.format(port)}".encode(), [])
    with request:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/good").read()
    assert ("stack" in request.finish()) is found


def test_a_host_that_is_connected_to_is_not_injected(port: int) -> None:
    request = Engine(timeout_us=10_000_000).request()
    request.head(b"GET", b"/?host=127.0.0.1", [])
    with request:
        socket.create_connection(("127.0.0.1", port)).close()
    assert "stack" not in request.finish()


def test_sqlite(tmp_path: Path) -> None:
    def run(act: Callable[[sqlite3.Connection], Any], **options: Any) -> Callable[[], Any]:
        return lambda: act(sqlite3.connect(":memory:", **options))

    class Own(sqlite3.Connection):
        pass

    class OwnCursor(sqlite3.Cursor):
        pass

    evil, good = "select 'evil'", "select 'good'"
    for options in ({}, {"factory": Own}):
        for act in (
            lambda c, s: c.execute(s).fetchall(),
            lambda c, s: c.executescript(s),
            lambda c, s: c.cursor().execute(s),
            lambda c, s: c.cursor(OwnCursor).execute(s),
            lambda c, s: c.cursor(factory=OwnCursor).executescript(s),
        ):
            assert blocks("server.db.statement", run(lambda c, act=act: act(c, evil), **options))  # type: ignore[misc]
            assert not blocks("server.db.statement", run(lambda c, act=act: act(c, good), **options))  # type: ignore[misc]
    many = "insert into t values ('evil' || ?)"
    assert blocks(
        "server.db.statement", run(lambda c: (c.execute("create table t (a)"), c.executemany(many, [("1",)])))
    )
    connection = sqlite3.connect(":memory:", 5.0, 0, None, True, Own)
    assert isinstance(connection, Own)
    assert connection.execute("select 'evil'").fetchone() == ("evil",)


def test_sqlalchemy() -> None:
    def run(statement: str) -> Callable[[], Any]:
        engine = sqlalchemy.create_engine("sqlite://")
        return lambda: engine.connect().execute(sqlalchemy.text(statement)).all()

    assert blocks("server.db.statement", run("select 'evil'"))
    assert not blocks("server.db.statement", run("select 'good'"))


def test_nothing_is_judged_outside_of_requests_or_turned_off(tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    evil.write_text("text")
    bartizan.protect_calls(False)
    assert not blocks("server.io.fs.file", lambda: evil.read_text())
    assert not blocks("server.db.statement", lambda: sqlite3.connect(":memory:").execute("select 'evil'"))
    assert bartizan.protect_calls()
    assert blocks("server.io.fs.file", lambda: evil.read_text())


def test_the_variable_turns_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, on in [("false", False), ("0", False), ("true", True), ("", True)]:
        monkeypatch.setenv("DD_APPSEC_RASP_ENABLED", value)
        assert bartizan.protect_calls() is on


def test_our_own_files_are_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    original = Request.operation

    def operation(self: Request, addresses: Any) -> None:
        calls.append(addresses)
        (tmp_path / "log").write_text("a call")  # as a hook of an operator does
        original(self, addresses)

    monkeypatch.setattr(Request, "operation", operation)
    assert not blocks("server.io.fs.file", lambda: (tmp_path / "good").write_text("text"))
    assert len(calls) == 1


def test_what_cleans_up_after_a_refusal_is_not_judged(tmp_path: Path) -> None:
    def call() -> None:
        try:
            (tmp_path / "evil").write_text("text")
        finally:
            (tmp_path / "evil too").write_text("cleaned up")

    assert blocks("server.io.fs.file", call)
    assert (tmp_path / "evil too").exists()


def test_a_failure_of_the_engine_is_none_of_the_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def operation(self: Request, addresses: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Request, "operation", operation)
    assert not blocks("server.io.fs.file", lambda: (tmp_path / "good").write_text("text"))
    assert "could not be judged" in caplog.text


def test_stacks_are_attached() -> None:
    span = Span()
    request = detecting("evil", "server.sys.shell.cmd", on_match=["block", "stack_trace"]).request(span)
    request.head(b"GET", b"/", [])

    def deep(depth: int) -> None:
        if depth:
            deep(depth - 1)
        else:
            os.system("true evil")

    with request, pytest.raises(Blocked):
        deep(50)
    found = request.finish()["stack"]["exploit"]
    assert json.loads(span["_dd.stack"]) == {"exploit": found}
    frames = found[0]["frames"]
    assert (len(found), len(frames)) == (1, 32)
    assert (frames[0]["id"], frames[0]["file"], frames[0]["function"].rpartition(".")[2]) == (0, __file__, "deep")
    assert frames[24]["id"] > 24
    assert len(found[0]["id"]) == 36


def test_modules_imported_later_are_wrapped() -> None:
    program = """
import bartizan, sys
bartizan.protect_calls()
assert "sqlite3" not in sys.modules and "requests" not in sys.modules
import sqlite3, requests.sessions, http.client
assert hasattr(sqlite3.connect, "__wrapped__") and hasattr(sqlite3.dbapi2.connect, "__wrapped__")
assert hasattr(requests.sessions.Session.send, "__wrapped__")
assert hasattr(http.client.HTTPConnection.request, "__wrapped__")
assert type(requests.sessions.__spec__.loader).__module__ == "_frozen_importlib_external"
import pymysql.cursors, psycopg
assert hasattr(pymysql.cursors.DictCursor.execute, "__wrapped__")
assert hasattr(psycopg.AsyncCursor.execute, "__wrapped__")
import aiohttp, psycopg2
assert hasattr(aiohttp.ClientRequest.__init__, "__wrapped__")
assert hasattr(psycopg2.connect, "__wrapped__")
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_threads_of_a_request_are_seen_with_its_context(tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    evil.write_text("text")
    assert blocks("server.io.fs.file", lambda: asyncio.run(asyncio.to_thread(evil.read_text)))
    assert judge.state.busy is False

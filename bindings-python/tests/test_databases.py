"""Statements of drivers against real servers, which are started for the test where they are installed."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bartizan
import psycopg
import psycopg2.extras
import psycopg2.sql
import pymysql
import pytest
from psycopg import sql

from served import detecting


@pytest.fixture(autouse=True)
def protected() -> Iterator[None]:
    bartizan.protect_calls(True)
    yield
    bartizan.protect_calls(False)


def blocks(call: Callable[[], Any]) -> bool:
    request = detecting("evil", "server.db.statement").request()
    request.head(b"GET", b"/", [])
    try:
        with request:
            call()
    except BaseException:
        if not request.blocked:
            raise
    return request.blocked


def program(name: str, *folders: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *folders]))
    if found is None:
        pytest.skip(f"the server `{name}` is not installed")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(command: list[str], folder: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start a program, as an ordinary user where the test runs as root, which these servers refuse to."""
    account: dict[str, Any] = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
    environment = {**os.environ, "HOME": folder}
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, env=environment, **account, **options)


@pytest.fixture(scope="module")
def folder() -> Iterator[str]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        os.chmod(made, 0o777)
        yield made


def connected(connect: Callable[[], Any], server: subprocess.Popen[bytes]) -> Any:
    for _ in range(300):
        try:
            return connect()
        except (psycopg.OperationalError, pymysql.err.OperationalError):
            assert server.poll() is None, "the server did not start"
            time.sleep(0.1)
    raise TimeoutError("the server does not answer")


@pytest.fixture(scope="module")
def postgresql(folder: str) -> Iterator[str]:
    binaries = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")))
    data, port = f"{folder}/postgresql", free_port()
    initdb = [program("initdb", *binaries), "-D", data, "-U", "test", "-A", "trust", "--no-sync"]
    assert run(initdb, folder).wait(120) == 0
    options = ["-p", str(port), "-k", folder, "-h", "127.0.0.1", "-F"]
    server = run([str(Path(initdb[0]).with_name("postgres")), "-D", data, *options], folder, stderr=subprocess.DEVNULL)
    address = f"host=127.0.0.1 port={port} user=test dbname=postgres"
    try:
        connected(lambda: psycopg.connect(address), server).close()
        yield address
    finally:
        server.terminate()
        server.wait(60)


@pytest.fixture(scope="module")
def mariadb(folder: str) -> Iterator[dict[str, Any]]:
    binary = program("mariadbd", "/usr/sbin")
    data, port = f"{folder}/mariadb", free_port()
    install = [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}"]
    assert run([*install, "--auth-root-authentication-method=normal"], folder).wait(120) == 0
    options = [f"--datadir={data}", f"--port={port}", f"--socket={folder}/mariadb.sock", "--bind-address=127.0.0.1"]
    server = run([binary, "--no-defaults", *options], folder, stderr=subprocess.DEVNULL)
    address = {"host": "127.0.0.1", "port": port, "user": "root"}
    try:
        connected(lambda: pymysql.connect(**address), server).close()
        yield address
    finally:
        server.terminate()
        server.wait(60)


def test_psycopg(postgresql: str) -> None:
    with psycopg.connect(postgresql) as connection:
        assert not blocks(lambda: connection.execute("select 'good'"))
        assert blocks(lambda: connection.execute("select 'evil'"))
        assert blocks(lambda: connection.cursor().execute(b"select 'evil'"))
        assert blocks(lambda: connection.cursor().execute(sql.SQL("select {}").format(sql.Literal("evil"))))
        assert blocks(lambda: connection.cursor("named").execute("select 'evil'"))
        assert blocks(lambda: connection.cursor().executemany("select 'evil', %s", [(1,)]))
        assert blocks(lambda: [*connection.cursor().stream("select 'evil'")])
        assert connection.execute("select 'evil'").fetchone() == ("evil",)

    async def asynchronous(statement: str) -> None:
        async with await psycopg.AsyncConnection.connect(postgresql) as opened:
            await opened.execute(statement)

    assert blocks(lambda: asyncio.run(asynchronous("select 'evil'")))
    assert not blocks(lambda: asyncio.run(asynchronous("select 'good'")))


def test_psycopg2(postgresql: str) -> None:
    class OwnConnection(psycopg2.extensions.connection):  # type: ignore[misc]
        pass

    class OwnCursor(psycopg2.extensions.cursor):  # type: ignore[misc]
        def execute(self, statement: Any, *more: Any) -> None:
            super().execute(f"/* {statement} */ {statement}", *more)

    kinds: list[dict[str, Any]] = [
        {},
        {"connection_factory": OwnConnection},
        {"connection_factory": psycopg2.extras.DictConnection},
        {"cursor_factory": OwnCursor},
        {"cursor_factory": psycopg2.extras.NamedTupleCursor},
    ]
    for options in kinds:
        connection: Any = psycopg2.connect(postgresql, **options)
        try:
            assert isinstance(connection, options.get("connection_factory", object))
            cursor = connection.cursor()
            assert isinstance(cursor, options.get("cursor_factory", object))
            assert not blocks(lambda cursor=cursor: cursor.execute("select 'good'"))  # type: ignore[misc]
            assert blocks(lambda cursor=cursor: cursor.execute("select 'evil'"))  # type: ignore[misc]
            assert blocks(lambda cursor=cursor: cursor.executemany("select 'evil', %s", [(1,)]))  # type: ignore[misc]
            cursor.execute("select 'evil'")
            assert tuple(cursor.fetchone()) == ("evil",)
        finally:
            connection.close()
    connection = psycopg2.connect(postgresql)
    composed = psycopg2.sql.SQL("select {}").format(psycopg2.sql.Literal("evil"))
    assert blocks(lambda: connection.cursor().execute(composed))
    assert blocks(lambda: connection.cursor().execute(b"select 'evil'"))
    assert blocks(lambda: connection.cursor("named").execute("select 'evil'"))
    assert blocks(lambda: connection.cursor().copy_expert("copy (select 'evil') to stdout", None))
    rows = connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor)
    assert blocks(lambda: rows.execute("select 'evil'"))
    assert isinstance(rows, psycopg2.extras.RealDictCursor)
    with pytest.raises(TypeError):
        connection.cursor(cursor_factory=int)
    connection.close()


def test_pymysql(mariadb: dict[str, Any]) -> None:
    with pymysql.connect(**mariadb) as connection:
        for kind in (pymysql.cursors.Cursor, pymysql.cursors.DictCursor, pymysql.cursors.SSCursor):
            cursor = connection.cursor(kind)
            assert not blocks(lambda cursor=cursor: (cursor.execute("select 'good'"), cursor.fetchall()))  # type: ignore[misc]
            assert blocks(lambda cursor=cursor: cursor.execute("select 'evil'"))  # type: ignore[misc]
            assert blocks(lambda cursor=cursor: cursor.executemany("select 'evil', %s", [(1,)]))  # type: ignore[misc]

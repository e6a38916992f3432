"""Every application answers the scenario alike, under every server; see ../scenario.md."""

from __future__ import annotations

import http.client
import io
import json
import random
import re
import socket
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import SERVERS, running
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

LINES = [json.loads(line) for line in (Path(__file__).parents[1] / "scenario.jsonl").read_text().splitlines()]
BOUNDARY = "scenario-boundary"
# What differs from answer to answer.
VARYING = re.compile(rb"(?im)^(date: .*|set-cookie: .*)\r\n")


class Answer:
    """An answer, as its bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.status = int(data.split(b" ", 2)[1]) if data.startswith(b"HTTP/") else 0
        response = http.client.HTTPResponse(_Read(data))  # type: ignore[arg-type]
        self.headers, self.body = http.client.HTTPMessage(), b""
        if self.status:
            try:
                response.begin()
                self.headers, self.body = response.headers, response.read()
            except (http.client.HTTPException, ValueError):
                self.body = data.partition(b"\r\n\r\n")[2]

    @property
    def comparable(self) -> bytes:
        head, end, _ = self.data.partition(b"\r\n\r\n")
        # How a stream is cut into chunks may differ, its content may not.
        return VARYING.sub(b"", head + b"\r\n") + end + self.body


class _Read:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._data)


def body_of(line: dict[str, Any]) -> tuple[bytes | None, str]:
    """Return the body of a line, and its type."""
    if "form" in line:
        return urllib.parse.urlencode(line["form"]).encode(), "application/x-www-form-urlencoded"
    if "json" in line:
        return json.dumps(line["json"]).encode(), "application/json"
    if "files" in line:
        return b"".join(map(part_of, line["files"])) + f"--{BOUNDARY}--\r\n".encode(), (
            f"multipart/form-data; boundary={BOUNDARY}"
        )
    if "text" in line:
        return line["text"].encode() * line.get("repeat", 1), ""
    return (b"" if line.get("method") == "POST" else None), ""


def part_of(file: dict[str, Any]) -> bytes:
    """Return a part of `multipart/form-data`."""
    name = f'; filename="{file["filename"]}"' if "filename" in file else ""
    kind = f"\r\nContent-Type: {file['type']}" if "type" in file else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{file["name"]}"{name}{kind}\r\n\r\n'
    noise = random.Random(file["filename"]).randbytes(file["random"]) if "random" in file else b""
    return head.encode() + file["content"].encode("latin-1" if noise else "utf-8") + noise + b"\r\n"


def bytes_of(line: dict[str, Any], cookies: dict[str, str]) -> bytes:
    """Return the bytes of a request."""
    if "raw" in line:
        return str(line["raw"]).encode("latin-1")
    body, kind = body_of(line)
    head = [f"{line.get('method', 'GET')} {line.get('target', '/')} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    head += [f"{name}: {value}" for name, value in line.get("headers", {}).items()]
    if cookies:
        head.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
    if line.get("type", kind):
        head.append(f"Content-Type: {line.get('type', kind)}")
    if body is not None and line.get("chunked"):
        head.append("Transfer-Encoding: chunked")
        pieces = [body[at : at + 97] for at in range(0, len(body), 97)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    elif body is not None:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + (body or b"")


def send(port: int, data: bytes, *, half_closed: bool = False) -> Answer:
    """Send bytes, and return what comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as channel:
        received = b""
        try:
            channel.sendall(data)
            if half_closed:
                channel.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the server has answered and closed before it read everything
        try:
            while piece := channel.recv(1 << 16):
                received += piece
        except OSError:
            pass
    return Answer(received)


class Run:
    """A scenario under way, with and without protection."""

    def __init__(self, name: str, port: int, bare: int, process: int) -> None:
        self.process = process
        self.has = SERVERS[name][1]
        self.port = port
        self.bare = bare
        self.cookies: dict[str, dict[str, str]] = {}

    def check(self, line: dict[str, Any]) -> None:
        """Send a request, and check the answer."""
        if "socket" in line:
            check_socket(self.port, line)
            return
        cookies = self.cookies.setdefault(line["client"], {}) if "client" in line else {}
        data, half_closed = bytes_of(line, cookies), line.get("half_closed", False)
        answer = send(self.port, data, half_closed=half_closed)
        for cookie in answer.headers.get_all("set-cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            cookies[name] = value
        if line.get("not_500"):
            bare = send(self.bare, data, half_closed=half_closed)
            assert answer.status == bare.status or answer.status in (400, 403), (answer.data[:300], bare.data[:300])
            return
        assert answer.status == line["status"], answer.data[:500]
        if "body" in line:
            assert answer.body.decode() == line["body"]
        assert line.get("contains", "") in answer.body.decode()
        assert len(answer.body) == line.get("body_length", len(answer.body))
        assert line.get("type_is") in (None, answer.headers["content-type"])
        if line["status"] != 403 and not line.get("varies"):
            assert answer.comparable == send(self.bare, data).comparable


def check_socket(port: int, line: dict[str, Any]) -> None:
    address = f"ws://127.0.0.1:{port}{line['target']}"
    if line["status"] != 101:
        with pytest.raises(InvalidStatus) as refused, connect(address):
            pass
        assert refused.value.response.status_code == line["status"]
        return
    with connect(address) as channel:
        *messages, last = line["socket"]
        for message in messages if "closed" in line else line["socket"]:
            channel.send(message)
            assert channel.recv(30) == message
        if "closed" in line:
            channel.send(last)
            with pytest.raises(ConnectionClosed) as closed:
                channel.recv(30)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == line["closed"]


@pytest.fixture(scope="module", params=[*SERVERS])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    with running(request.param, bare=False) as (port, process), running(request.param, bare=True) as (bare, _):
        yield Run(request.param, port, bare, process.pid)
        assert process.poll() is None, "the server has ended"


@pytest.mark.parametrize("line", LINES, ids=[line["name"] for line in LINES])
def test_scenario(run: Run, line: dict[str, Any]) -> None:
    if line.get("needs") and line["needs"] not in run.has:
        return  # not every server has it: ../scenario.md
    run.check(line)


def test_clients_that_leave_and_long_downloads_in_constant_memory(run: Run) -> None:
    assert downloaded(run.port, 16) == 16 << 20
    before = peak(run.process)
    # This one leaves in the middle.
    assert downloaded(run.port, 200, at_most=1 << 20) < 200 << 20
    assert downloaded(run.port, 200) == 200 << 20
    assert peak(run.process) - before < 50 << 20
    assert send(run.port, bytes_of({}, {})).body == b"hello"


def downloaded(port: int, megabytes: int, at_most: int | None = None) -> int:
    """Return how much of a stream arrived."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as channel:
        channel.sendall(bytes_of({"target": f"/stream?parts={megabytes * 16}"}, {}))
        response = http.client.HTTPResponse(channel)
        response.begin()
        total = 0
        while (at_most is None or total < at_most) and (piece := response.read(1 << 16)):
            total += len(piece)
        return total


def peak(process: int) -> int:
    """Return the most memory that a process and its children have used."""
    children = [
        child for path in Path(f"/proc/{process}/task").glob("*/children") for child in path.read_text().split()
    ]
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return (int(found[1]) << 10 if found else 0) + sum(peak(int(child)) for child in children)

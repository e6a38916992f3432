"""The programs of the documentation run as they are written, under the servers that it names."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(page for page in (ROOT / "bindings-python/docs").glob("*.md") if page.stem != "README")
BLOCK = re.compile(r"```(python|sh)\n(.*?)```", re.DOTALL)
REQUEST = re.compile(r"""curl -i (['"])http://127\.0\.0\.1:8000(.*?)\1\s+# (\d+)""")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages(page: Path, tmp_path: Path) -> None:
    blocks = dict(BLOCK.findall(page.read_text()))
    command, *requests = blocks["sh"].strip().splitlines()
    expected = [REQUEST.fullmatch(line) for line in requests]
    served(tmp_path, blocks["python"], command, [(match[2], int(match[3])) for match in expected if match])
    assert all(expected)


SECTION = (ROOT / "README.md").read_text().split("## Protect a web app\n")[1].split("\n## ")[0]
README = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
ROUTES = {
    "flask": '@app.get("/")\ndef index():\n    return "hello"\n',
    "fastapi": '@app.get("/")\nasync def index() -> str:\n    return "hello"\n',
}
COMMANDS = {"flask": "gunicorn --bind 127.0.0.1:8000 app:app", "fastapi": "uvicorn --port 8000 app:app"}


@pytest.mark.parametrize("framework", [*ROUTES])
def test_the_first_lines_of_the_readme(framework: str, tmp_path: Path) -> None:
    lines = next(block for block in README if f"import {framework}" in block)
    requests = [("/", 200), ("/?q=%3Cscript%3Ealert(1)%3C/script%3E", 403)]
    served(tmp_path, lines + ROUTES[framework], f"BARTIZAN_MODE=block {COMMANDS[framework]}", requests)


def test_the_lines_for_django_are_those_of_its_page() -> None:
    lines = next(block for block in README if "MIDDLEWARE" in block)
    page = (ROOT / "bindings-python/docs/django.md").read_text()
    for name in re.findall(r'"(bartizan[.\w]+)"', lines):
        assert f'"{name}"' in page


def served(folder: Path, program: str, command: str, requests: list[tuple[str, int]]) -> None:
    """Run a program by a command, and send requests to it."""
    (folder / "app.py").write_text(program)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = shlex.split(command.replace("8000", str(port)))
    variables = dict(word.split("=", 1) for word in words if re.fullmatch(r"[A-Z_]+=.*", word))
    name, *arguments = words[len(variables) :]
    runner = [sys.executable] if name == "python" else [sys.executable, str(Path(sys.executable).parent / name)]
    environment = {**os.environ, **variables, "DD_APPSEC_WAF_TIMEOUT": "10000000"}
    server = subprocess.Popen([*runner, *arguments], cwd=folder, env=environment, stderr=subprocess.PIPE)
    try:
        for target, status in requests:
            assert answer(port, target, server) == status, target
    finally:
        server.terminate()
        server.communicate(timeout=30)


def answer(port: int, target: str, server: subprocess.Popen[bytes]) -> int:
    for _ in range(300):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", target)
        except ConnectionRefusedError:
            assert server.poll() is None, server.stderr and server.stderr.read().decode()
            time.sleep(0.1)
        else:
            return connection.getresponse().status
        finally:
            connection.close()
    raise TimeoutError("the server does not answer")

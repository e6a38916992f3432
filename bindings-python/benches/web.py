"""What protection adds to requests of a Flask and a FastAPI application, beside what ddtrace with AppSec adds.

Each application is served three times: as it is, with bartizan, and by ``ddtrace-run`` without an agent. One client
sends its requests to the three in turns, so that whatever else the machine does hits all alike. Medians are compared.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

ROUNDS = int(os.environ.get("ROUNDS", "600"))
FOLDER = Path(__file__).parent / "web"
COMMANDS = {
    "Flask": [
        "-m",
        "gunicorn",
        "--threads",
        "1",
        "--bind",
        "127.0.0.1:PORT",
        "--log-level",
        "critical",
        "flask_app:app",
    ],
    "FastAPI": ["-m", "uvicorn", "--port", "PORT", "--log-level", "critical", "fastapi_app:app"],
}
PROTECTIONS = ("bare", "bartizan", "ddtrace")
DATADOG = {
    "DD_APPSEC_ENABLED": "true",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_AGENT_URL": "http://127.0.0.1:9",
}
ITEM = {"name": "a pair of shoes", "price": 79.5, "tags": ["sale", "new"], "note": "it fits well"}
FIELDS = {f"field{n}": "the quick brown fox jumps over the lazy dog " * 11 for n in range(200)}
JSON = json.dumps({f"item{n}": ITEM for n in range(18)}).encode()
FORM = urllib.parse.urlencode(FIELDS).encode()
REQUESTS: dict[str, tuple[str, str, bytes | None, dict[str, str]]] = {
    "GET": ("GET", "/?q=shoes&page=2", None, {}),
    f"JSON, {len(JSON) / 1000:.0f} KB": ("POST", "/json", JSON, {"Content-Type": "application/json"}),
    f"form, {len(FORM) / 1000:.0f} KB": ("POST", "/form", FORM, {"Content-Type": "application/x-www-form-urlencoded"}),
}
HEADERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0",
    "Accept": "text/html",
    "Cookie": "session=abcdef",
}


def main() -> None:
    """Print a table: what a request takes, and what each protection adds."""
    print(f"{'microseconds':<24}{'bare':>8}{'bartizan':>12}{'ddtrace':>12}{'share':>8}")
    for framework in COMMANDS:
        with contextlib.ExitStack() as stack:
            ports = {name: stack.enter_context(served(framework, name)) for name in PROTECTIONS}
            for name, request in REQUESTS.items():
                bare, ours, theirs = measured(ports, request)
                share = (ours - bare) / (theirs - bare)
                print(
                    f"{framework + ' ' + name:<24}{bare:>8.0f}{ours - bare:>+12.0f}{theirs - bare:>+12.0f}{share:>8.2f}"
                )


@contextlib.contextmanager
def served(framework: str, protection: str) -> Iterator[int]:
    """Serve an application; gives its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, *(word.replace("PORT", str(port)) for word in COMMANDS[framework])]
    environment = {**os.environ, "PROTECTION": protection}
    if protection == "ddtrace":
        command.insert(0, str(Path(sys.executable).with_name("ddtrace-run")))
        environment |= DATADOG
    server = subprocess.Popen(
        command, cwd=FOLDER, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def measured(ports: dict[str, int], request: tuple[str, str, bytes | None, dict[str, str]]) -> list[float]:
    """Return the median of each server, in microseconds."""
    method, target, body, headers = request
    connections = [http.client.HTTPConnection("127.0.0.1", port) for port in ports.values()]
    times: list[list[float]] = [[] for _ in connections]
    for at in range(ROUNDS):
        for connection, column in zip(connections, times, strict=True):
            begin = time.perf_counter()
            connection.request(method, target, body, {**HEADERS, **headers})
            response = connection.getresponse()
            response.read()
            assert response.status == 200, response.status
            if at >= ROUNDS // 10:  # the first warm up
                column.append(time.perf_counter() - begin)
    for connection in connections:
        connection.close()
    return [statistics.median(column) * 1e6 for column in times]


if __name__ == "__main__":
    main()

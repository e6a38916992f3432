"""The applications of this folder, each under the servers that it is run by."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
GUNICORN = ["gunicorn", "--bind", "127.0.0.1:PORT", "--log-level", "error", "--timeout", "60"]
SYNC, THREADS, PRELOADED = [*GUNICORN], [*GUNICORN, "--threads", "4"], [*GUNICORN, "--preload", "-w", "4"]
# It would remove the headers of proxies, which the engine is told to trust.
WAITRESS = ["waitress-serve", "--listen=127.0.0.1:PORT", "--no-clear-untrusted-proxy-headers"]
UVICORN = ["uvicorn", "--port", "PORT", "--log-level", "critical"]

# Framework, server, command, and what it has: see ../scenario.md.
SERVERS: dict[str, tuple[list[str], set[str]]] = {
    "flask-gunicorn": ([*SYNC, "flask_app:app"], {"chunked"}),
    "flask-threads": ([*THREADS, "flask_app:app"], {"chunked"}),
    "flask-preloaded": ([*PRELOADED, "flask_app:app"], {"chunked"}),
    "flask-waitress": ([*WAITRESS, "flask_app:app"], {"chunked"}),
    "fastapi-uvicorn": ([*UVICORN, "fastapi_app:app"], {"asgi", "chunked"}),
    "fastapi-workers": ([*UVICORN, "--workers", "2", "fastapi_app:app"], {"asgi", "chunked"}),
    "django-gunicorn": ([*SYNC, "django_app:application"], set()),
    "django-preloaded": ([*PRELOADED, "django_app:application"], set()),
    "django-waitress": ([*WAITRESS, "django_app:application"], {"chunked"}),
    "django-runserver": (["django_app.py", "runserver", "--noreload", "127.0.0.1:PORT"], set()),
    "django-uvicorn": ([*UVICORN, "--lifespan", "off", "django_app:asgi"], {"chunked"}),
}


@contextmanager
def running(name: str, *, bare: bool) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run an application; gives its port and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program, *arguments = [word.replace("PORT", str(port)) for word in SERVERS[name][0]]
    runner = str(HERE / program) if program.endswith(".py") else str(Path(sys.executable).parent / program)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "SHOP_FOLDER": folder, "BARE": "1" if bare else "", "PYTHONPATH": path()}
        environment["PYTHONHASHSEED"] = "0"  # or sets in headers would differ in their order
        # Errors of the applications, which some requests ask for, are of no interest unless the server ends.
        with open(f"{folder}/log", "wb") as log:
            command = [sys.executable, runner, *arguments]
            process = subprocess.Popen(command, cwd=HERE, env=environment, stdout=log, stderr=log)
        try:
            wait(port, process, Path(folder) / "log")
            yield port, process
        finally:
            process.terminate()
            process.wait(30)


def path() -> str:
    """Return where the server finds modules."""
    return os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))


def wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
    raise TimeoutError(log.read_text())

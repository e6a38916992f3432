"""Lets scanners loose on the vulnerable application, bare and protected, on loopback and for a bounded time.

attack.py SERVER: the interpreter that serves app.py, or `node` for ../node/vulnerable.js. Fails if they find nothing in
the bare application, anything in the protected one that is not listed here, or if that does not answer any more.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
# What the rules cannot see yet, and why.
UNSEEN = {
    "HTML Injection": "markup without a script or a handler, such as `<div id='x'>y</div>`, which honest forms send"
}
# Where sqlmap looks: a target, and the form that is posted to it.
TARGETS = [("/user?id=1", None), ("/login", "username=ann&password=x")]


def main(server: str) -> int:
    """Print what was found, and return whether that is as it should be."""
    outcomes = {}
    for name, bare in [("bare", True), ("protected", False)]:
        with serving(server, bare=bare) as base:
            outcomes[name] = {"sqlmap": sqlmap(base), "wapiti": wapiti(base, show=not bare)}
            with urllib.request.urlopen(base + "/user?id=2") as answer:
                assert answer.read() == b"bob", "the application does not answer as before"
    for scanner in ("sqlmap", "wapiti"):
        for name, found in outcomes.items():
            print(f"{scanner:<8}{name:<11}{', '.join(found[scanner]) or 'nothing'}")
    left = [what for found in outcomes["protected"].values() for what in found]
    unseen = [kind for kind in UNSEEN if any(what.startswith(kind) for what in left)]
    for kind in unseen:
        print(f"not seen yet: {kind}: {UNSEEN[kind]}")
    as_expected = all(what.startswith(tuple(UNSEEN)) for what in left)
    return 0 if all(outcomes["bare"].values()) and as_expected else 1


@contextmanager
def serving(program: str, *, bare: bool) -> Iterator[str]:
    """Serve the application; gives the address of its first page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "BARE": "1" if bare else "", "BARTIZAN_MODE": "block"}
    command = [program, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4", "--log-level", "critical"]
    command += ["--pythonpath", str(HERE), "app:app"]
    if Path(program).name == "node":
        command = [program, str(HERE.parent / "node" / "vulnerable.js"), str(port)]
    # Commands that are injected may write files where the application runs.
    folder = tempfile.TemporaryDirectory()
    server = subprocess.Popen(command, cwd=folder.name, env=environment, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        assert server.poll() is None, "the application has ended"
    finally:
        server.terminate()
        server.wait(30)
        folder.cleanup()


def sqlmap(base: str) -> list[str]:
    """Return the parameters that sqlmap can inject into."""
    found = []
    for target, form in TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            command = [str(BIN / "sqlmap"), "-u", base + target, "--batch", "--flush-session", "--disable-coloring"]
            command += ["--level", "2", "--risk", "2", "--technique", "BEU", "--output-dir", folder]
            command += ["--data", form] if form else []
            said = run(command, 240)
        found += [f"{target} {name}" for name in re.findall(r"^Parameter: (.+)$", said, re.MULTILINE)]
    return found


def wapiti(base: str, *, show: bool) -> list[str]:
    """Return the kinds of vulnerabilities that wapiti finds, and how many of each; ``show`` prints the requests."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            str(BIN / "wapiti"),
            "-u",
            base + "/",
            "--scope",
            "folder",
            "-m",
            "sql,xss,exec,file",
            "--no-bugreport",
        ]
        command += [
            "--max-scan-time",
            "180",
            "--flush-session",
            "-f",
            "json",
            "-o",
            str(report),
            "-v",
            "0",
            "--no-bugreport",
        ]
        run([*command, "--store-session", folder, "--store-config", folder], 240)
        kinds = json.loads(report.read_text())["vulnerabilities"]
    for kind, places in kinds.items() if show else ():
        for place in places:
            print(f"{kind}: {place['method']} {place['path']}, {place['parameter']}: {place['info']}")
            print(f"  {place['curl_command']}")
    numbers = Counter({kind: len(places) for kind, places in kinds.items()})
    return [f"{kind} ({number})" for kind, number in sorted(numbers.items()) if number]


def run(command: list[str], seconds: float) -> str:
    """Run a scanner for a time, and return what it says."""
    ended = subprocess.run(["timeout", str(seconds), *command], capture_output=True, text=True, check=False)
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

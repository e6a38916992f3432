"""A login application in a process of its own, and its operator."""

from __future__ import annotations

import base64
import http.client
import json
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent.parent
RULES = json.loads((HERE / "rules.json").read_text())
BY_RULE = ["datadog/2/ASM/login-by-rule/config", json.loads((HERE / "business-logic.json").read_text())]
SECRET = "correct horse"
SERVERS = {"flask": [sys.executable, HERE / "flask/serve.py"], "express": ["node", HERE / "express/serve.js"]}
SCRIPT = {"User-Agent": "python-requests/2.32"}


class Past(NamedTuple):
    """What detection knows already: a snapshot, and when it goes on; its clock stands still until it is advanced."""

    snapshot: bytes
    at_ms: int


class Answer(NamedTuple):
    """A response."""

    status: int
    body: str
    reason: str
    headers: dict[str, str]


class Site:
    """An application in a process of its own."""

    def __init__(
        self,
        server: str,
        mode: str,
        webhook: str | None = None,
        past: Past | None = None,
        detection: dict[str, Any] | None = None,
    ) -> None:
        response = {"enabled": True, "mode": mode, "min_severity": "low"}
        settings = {
            "rules": RULES,
            "takeover": {"bartizan_ato": {"version": "1.0", "settings": {"response": response, **(detection or {})}}},
            "remote": [BY_RULE],
            "webhook": webhook,
            "secret": SECRET,
            "snapshot": past and base64.b64encode(past.snapshot).decode(),
            "start_ms": past and past.at_ms,
        }
        self.time_ms = past.at_ms if past else 0
        # A snapshot is too long for an argument.
        self.process = subprocess.Popen(
            SERVERS[server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(settings))
        self.process.stdin.close()
        self.port = int(self.process.stdout.readline())

    def ask(self, path: str, form: dict[str, str], client: str, traits: dict[str, str]) -> Answer:
        """Post a form as a client with these headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        kind = "application/x-www-form-urlencoded"
        headers = {"X-Forwarded-For": client, "Content-Type": kind, **traits}
        connection.request("POST", path, urllib.parse.urlencode(form), headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return Answer(response.status, body, response.reason, dict(response.getheaders()))

    def send(self, path: str, form: dict[str, str], client: str) -> tuple[int, str]:
        """Post a form as a client; return status and body."""
        answer = self.ask(path, form, client, SCRIPT)
        return answer.status, answer.body

    def login(self, username: str, password: str, client: str, path: str = "/login") -> int:
        return self.send(path, {"username": username, "password": password}, client)[0]

    def operate(self, verb: str, **arguments: Any) -> Any:
        """Call a function of the detector, as the operator of the process would."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", f"/-/{verb}", json.dumps(arguments), {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def pass_seconds(self, seconds: int) -> None:
        """Advance the clock of detection."""
        self.time_ms += 1000 * seconds
        self.operate("advance", to_ms=self.time_ms)

    def rules(self) -> set[str]:
        """The rules that have found something."""
        return {signal["rule"]["id"] for signal in self.operate("signals")}

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(10)

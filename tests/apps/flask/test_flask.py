"""The Flask application over HTTP, with spans of OpenTelemetry and of ddtrace."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app import make_app
from bartizan.engine import Engine
from bartizan.wsgi import Protection
from werkzeug.serving import make_server

HERE = Path(__file__).parent.parent
SUCCESS = "appsec.events.users.login.success"
FAILURE = "appsec.events.users.login.failure"


class OpenTelemetry:
    """Spans of the OpenTelemetry SDK, exported to memory."""

    def __init__(self) -> None:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = provider.get_tracer("test")

    def start(self) -> Any:
        return self.tracer.start_span("web.request")

    def end(self, span: Any) -> None:
        span.end()

    def last(self) -> dict[str, Any]:
        return dict(self.exporter.get_finished_spans()[-1].attributes)


class Datadog:
    """Spans of ddtrace's own class."""

    def __init__(self) -> None:
        from ddtrace.trace import Span

        self.Span = Span
        self.finished: list[Any] = []

    def start(self) -> Any:
        return self.Span("web.request")

    def end(self, span: Any) -> None:
        self.finished.append(span)

    def last(self) -> dict[str, Any]:
        span = self.finished[-1]
        return {**span.get_tags(), **span.get_metrics()}


class Site:
    """The application, served on loopback."""

    def __init__(self, spans: Any) -> None:
        self.spans = spans
        rules = json.loads((HERE / "rules.json").read_text())
        self.engine = Engine(rules, mode="block")
        current = threading.local()
        self.protected = protected = Protection(make_app(), self.engine, span=lambda: current.span)

        def traced(environ: dict[str, Any], start_response: Any) -> Any:
            current.span = spans.start()
            try:
                return protected(environ, start_response)
            finally:
                spans.end(current.span)

        self.server = make_server("127.0.0.1", 0, traced)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def send(self, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str, dict[str, Any]]:
        """Send a request; return status, body and the tags of its span."""
        url = f"http://127.0.0.1:{self.server.server_port}{path}"
        names = {name.replace("_", "-"): value for name, value in {"x_forwarded_for": "8.8.8.8", **headers}.items()}
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, names)) as response:
                status, body = response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read().decode()
        return status, body, self.spans.last()

    def login(self, username: str, password: str) -> tuple[int, str, dict[str, Any]]:
        return self.send("/login", {"username": username, "password": password})


@pytest.fixture(params=[OpenTelemetry, Datadog])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    site = Site(request.param())
    yield site
    site.server.shutdown()


def test_logins_are_reported(site: Site) -> None:
    status, body, tags = site.login("bob@example.org", "correct")
    assert (status, body) == (200, "welcome")
    expected = {
        f"{SUCCESS}.track": "true",
        f"{SUCCESS}.usr.login": "bob@example.org",
        f"{SUCCESS}.usr.id": "u-1",
        f"{SUCCESS}.plan": "gold",
        f"_dd.{SUCCESS}.sdk": "true",
        "_dd.appsec.user.collection_mode": "sdk",
        "usr.id": "u-1",
        "usr.name": "Bob",
        "http.client_ip": "8.8.8.8",
        "http.request.headers.x-forwarded-for": "8.8.8.8",
    }
    assert {name: tags.get(name) for name in expected} == expected

    status, _, tags = site.login("bob@example.org", "wrong")
    expected = {f"{FAILURE}.usr.exists": "true", f"{FAILURE}.usr.id": "u-1", f"{FAILURE}.reason": "password", "usr.id": None}
    assert status == 401
    assert {name: tags.get(name) for name in expected} == expected
    assert site.login("nobody", "x")[2][f"{FAILURE}.usr.exists"] == "false"

    tags = site.send("/coupon", {"code": "1"})[2]
    assert tags["appsec.events.activity.sensitive.name"] == "coupon_use"


def test_collection_modes(site: Site) -> None:
    def seen(mode: str) -> tuple[Any, Any]:
        content = {"auto_user_instrum": {"mode": mode}}
        site.engine.apply_remote(changed=[("datadog/2/ASM_FEATURES/mode/config", content)])
        tags = site.send("/framework-login", {"username": "test"})[2]
        return tags.get("usr.id"), tags.get(f"{SUCCESS}.usr.login")

    assert seen("identification") == ("u-1", "test")
    assert seen("anonymization")[1] == "anon_9f86d081884c7d659a2feaa0c55ad015"
    assert seen("anonymization")[0].startswith("anon_")
    assert seen("disabled") == (None, None)


def test_a_user_blocked_while_the_site_runs(site: Site) -> None:
    assert site.send("/me", x_user="u-1")[:2] == (200, "you are u-1")
    site.engine.block(user="u-1", seconds=3600)
    status, body, tags = site.send("/me", x_user="u-1", accept="text/html")
    assert (status, tags["appsec.blocked"], tags["usr.id"]) == (403, "true", "u-1")
    assert "You've been blocked" in body
    events = json.loads(tags["_dd.appsec.json"])
    assert events["triggers"][0]["security_response_id"] in body
    assert site.login("bob@example.org", "correct")[0] == 403
    assert site.send("/me", x_user="u-2")[0] == 200
    assert site.engine.unblock(user="u-1")
    assert site.send("/me", x_user="u-1")[0] == 200

    site.engine.block(user="u-1", seconds=3600)
    assert site.send("/me", x_user="u-1")[0] == 403
    site.engine.call("extend", user="u-1", until=1)
    assert site.send("/me", x_user="u-1")[0] == 200


def test_an_address_blocked_while_the_site_runs(site: Site) -> None:
    site.engine.block(ip="8.8.0.0/16")
    status, body, tags = site.send("/", accept="application/json")
    assert (status, tags["appsec.blocked"]) == (403, "true")
    assert json.loads(body)["errors"][0]["title"] == "You've been blocked"
    assert site.send("/", x_forwarded_for="9.9.9.9")[:2] == (200, "hello")
    assert site.engine.extend(ip="8.8.0.0/16", seconds=60)
    site.engine.call("extend", ip="8.8.0.0/16", until=1)
    assert site.send("/")[0] == 200


def test_a_denied_address_is_blocked_whatever_the_rules(site: Site) -> None:
    remote = {
        "actions": [{"id": "block", "type": "block_request", "parameters": {"status_code": 405, "type": "json"}}],
        "exclusions": [{"id": "e", "rules_target": [{"tags": {"category": "security_response"}}]}],
    }
    site.engine.apply_remote(changed=[("datadog/2/ASM/quiet/config", remote)])
    site.engine.block(ip="8.8.8.8")
    status, body, tags = site.send("/")
    assert (status, tags["appsec.blocked"], tags["http.status_code"]) == (405, "true", "405")
    assert len(json.loads(body)["security_response_id"]) == 36


def test_trusted_proxies(site: Site) -> None:
    def client(**settings: Any) -> str:
        site.protected.engine = Engine({"rules": []}, **settings)
        tags = site.send("/", x_forwarded_for="6.6.6.6, 9.9.9.9", x_real_ip="7.7.7.7")[2]
        return str(tags["http.client_ip"])

    assert client() == "6.6.6.6"
    assert client(trusted_proxies=["127.0.0.0/8"]) == "9.9.9.9"
    assert client(trusted_proxies=["127.0.0.0/8"], client_ip_header="X-Real-IP") == "7.7.7.7"
    assert client(client_ip_header="X-Real-IP") == "7.7.7.7"
    assert client(trusted_proxies=[]) == "127.0.0.1"


def test_an_attack_is_blocked_as_remote_configuration_says(site: Site) -> None:
    assert site.send("/", user_agent="Arachni/v1")[0] == 403
    action = {"id": "block", "type": "block_request", "parameters": {"status_code": 405, "type": "json"}}
    report = site.engine.apply_remote(changed=[("datadog/2/ASM/actions/config", {"actions": [action]})])
    assert report["states"][0]["state"] == 2
    assert site.send("/", user_agent="Arachni/v1")[0] == 405
    site.engine.apply_remote(removed=["datadog/2/ASM/actions/config"])
    assert site.send("/", user_agent="Arachni/v1")[0] == 403


def test_a_rule_tags_logins_without_code(site: Site) -> None:
    rule = (HERE / "business-logic.json").read_text()
    assert f"{FAILURE}.track" not in site.send("/legacy", {"username": "eve"})[2]
    site.engine.apply_remote(changed=[("datadog/2/ASM/logins/config", rule)])
    status, _, tags = site.send("/legacy", {"username": "eve"})
    assert (status, tags[f"{FAILURE}.track"], tags[f"{FAILURE}.usr.login"]) == (401, "true", "eve")

"""Users and events: the familiar calls, their tags on a span, and their addresses in a context."""

from __future__ import annotations

from typing import Any

import bartizan
import pytest
from bartizan import sdk


class DatadogSpan(dict[str, Any]):
    def set_tag(self, name: str, value: Any) -> None:
        self[name] = value


class OpenTelemetrySpan(dict[str, Any]):
    def set_attribute(self, name: str, value: Any) -> None:
        self[name] = value


def blocking_waf() -> bartizan.Waf:
    condition = {"operator": "exact_match", "parameters": {"inputs": [{"address": "usr.id"}], "list": ["blocked"]}}
    rule = {
        "id": "blk",
        "name": "Block User",
        "tags": {"type": "block_user", "category": "security_response"},
        "conditions": [condition],
        "on_match": ["block"],
    }
    return bartizan.Waf({"version": "2.2", "rules": [rule]})


@pytest.mark.parametrize("kind", [DatadogSpan, OpenTelemetrySpan])
def test_tags_of_a_login(kind: type[dict[str, Any]]) -> None:
    span = kind()
    with sdk.Request(span):
        report = sdk.track_login_success("bob", user_id={"id": "u-1", "email": "b@example.org"}, metadata={"k": 1})
    assert report.accepted
    assert report.keep
    assert report.warnings == []
    assert report.result is None
    assert span["appsec.events.users.login.success.track"] == "true"
    assert span["usr.id"] == "u-1"
    assert span["appsec.events.users.login.success.k"] == "1"
    assert span["manual.keep"] == "true"
    assert {name: span[name] for name in report.meta} == report.meta


def test_a_blocked_user() -> None:
    context = blocking_waf().context()
    with sdk.Request(context=context):
        assert sdk.should_block_user(None, "blocked")
        assert not sdk.should_block_user(None, "other", "session")
        quiet = sdk.set_user(None, "other").result
        assert quiet is not None
        assert not quiet.blocked
        blocked = sdk.set_user(None, "blocked", name="n").result
        assert blocked is not None
        assert blocked.blocked
        assert sdk.submit_business_logic("payment.failure", {"amount": 3}) is not None


def test_calls_without_a_request_report_to_nobody() -> None:
    assert sdk.track_custom_event(None, "event", {"k": "v"}).meta["appsec.events.event.k"] == "v"
    assert not sdk.should_block_user(None, "u")
    assert sdk.submit_business_logic("payment.failure", {}) is None


def test_older_and_other_forms() -> None:
    with sdk.Request() as request:
        assert sdk.track_user_login_success_event(None, "u", {"k": "v"}, email="e").meta["usr.email"] == "e"
        assert sdk.track_user_login_failure_event(None, "u", False).accepted
        assert sdk.track_login_failure("bob", exists=True).accepted
        assert sdk.track_signup("bob", "u").accepted
        assert sdk.track_user_signup_event(None, "u", True).accepted
        assert not sdk.set_user(None, None).accepted
        assert not request.call("track_custom_event", name=7).accepted


def test_pseudonyms_and_functions_by_name() -> None:
    assert sdk.anonymize("test") == "anon_9f86d081884c7d659a2feaa0c55ad015"
    assert sdk.anonymize(None) is None
    assert "client_ip" in sdk.functions()
    found = sdk.call("client_ip", {"headers": {"x-forwarded-for": "1.1.1.1"}})
    assert found["http.client_ip"] == "1.1.1.1"
    with pytest.raises(bartizan.ArgumentError, match="unknown function"):
        sdk.call("nothing", {})
    with pytest.raises(bartizan.ArgumentError, match="must be a map"):
        sdk.call("client_ip", [])  # type: ignore[arg-type]


def test_a_service() -> None:
    service = sdk.Service({"trace_rate_limit": 1})
    assert service.call("block", {"user": "u", "seconds": 60})["done"]
    assert service.call("blocked", {"user": "u"})["blocked"]
    assert service.call("unblock", {"user": "u"})["done"]
    assert not service.call("blocked", {"user": "u"})["blocked"]
    with pytest.raises(TypeError, match="trace_rate_limit"):
        sdk.Service({"trace_rate_limit": "x"})


def test_hostile_metadata() -> None:
    metadata: dict[str, Any] = {"big": "x" * 10**6, "bytes": b"a\xff", "number": 2**70}
    metadata["itself"] = metadata
    report = sdk.track_custom_event(None, "x", metadata)
    assert len(report.meta["appsec.events.x.big"]) == 10**6
    assert report.meta["appsec.events.x.bytes"] == "a\ufffd"
    deep: Any = {}
    for _ in range(100_000):
        deep = {"k": deep}
    assert sdk.track_custom_event(None, "x", {"deep": deep, "k": "v"}).meta["appsec.events.x.k"] == "v"
    while deep:
        deep = deep.pop("k")

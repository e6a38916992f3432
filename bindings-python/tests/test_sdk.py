"""Users and events: the calls known from tracers, their tags on a span, and their addresses in a context."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import bartizan
import pytest
from bartizan import sdk
from bartizan.engine import Engine
from bartizan.wsgi import Protection


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


def test_calls_without_a_request_are_ignored_with_a_warning() -> None:
    for report in (sdk.track_custom_event(None, "event", {"k": "v"}), sdk.set_user(None, "u")):
        assert not report.accepted
        assert (report.meta, report.addresses, report.keep) == ({}, {}, False)
        assert "outside of a request" in report.warnings[0]
    assert not sdk.should_block_user(None, "u")
    assert sdk.submit_business_logic("payment.failure", {}) is None


def session_waf() -> bartizan.Waf:
    lists = {"usr.session_id": ["s-1"], "usr.id": ["None", "7"]}
    rules = []
    for address, values in lists.items():
        parameters = {"inputs": [{"address": address}], "list": values}
        conditions = [{"operator": "exact_match", "parameters": parameters}]
        rules.append(
            {"id": address, "name": "n", "tags": {"type": "t"}, "conditions": conditions, "on_match": ["block"]}
        )
    return bartizan.Waf({"version": "2.2", "rules": rules})


def test_none_is_not_a_user_and_sessions_count() -> None:
    with sdk.Request(context=session_waf().context()):
        assert not sdk.should_block_user(None, None)
        assert not sdk.should_block_user(None, {"name": "None"})
        assert not sdk.should_block_user(None, "other", "s-2")
        assert sdk.should_block_user(None, "other", "s-1")
        assert sdk.should_block_user(None, None, "s-1")
        assert sdk.should_block_user(None, 7)
        assert sdk.should_block_user(None, {"id": 7})
        user: Any
        for user in (True, NoText(), "[object Object]", {"id": []}):
            with pytest.raises(bartizan.ArgumentError, match="id"):
                sdk.should_block_user(None, user)


class NoText:
    pass


def test_the_default_text_of_an_object_is_not_an_id() -> None:
    with sdk.Request():
        user: Any
        for user in (NoText(), str(NoText()), {"id": NoText()}, "[object Object]", {"id": {}}, {}):
            report = sdk.set_user(None, user)
            assert not report.accepted
            assert "id" in report.warnings[0]
        report = sdk.track_login_success("bob", NoText())
        assert report.accepted
        assert "usr.id" not in report.meta
        assert "without a user" in report.warnings[0]
        meta = sdk.track_user_login_failure_event(None, {"id": 1}).meta
        assert meta["appsec.events.users.login.failure.usr.id"] == "1"


def test_a_request_may_be_left_in_another_task() -> None:
    async def served_by_a_generator() -> None:
        request = sdk.Request()

        async def stream() -> AsyncGenerator[sdk.Reporting]:
            with request:
                yield sdk._request()

        generator = stream()
        assert await asyncio.create_task(anext(generator)) is request
        await asyncio.create_task(generator.aclose())
        assert sdk._current.get() is None

    async def left_by_a_task() -> None:
        request = sdk.Request()

        async def leave() -> None:
            request.__exit__(None, None, None)
            assert sdk._current.get() is None

        with sdk.Request(), request:
            await asyncio.create_task(leave())
            request.__enter__()

    asyncio.run(served_by_a_generator())
    asyncio.run(left_by_a_task())


def test_older_and_other_forms() -> None:
    with sdk.Request() as request:
        assert sdk.track_user_login_success_event(None, "u", {"k": "v"}, email="e").meta["usr.email"] == "e"
        assert sdk.track_user_login_failure_event(None, "u", False).accepted
        assert sdk.track_login_failure("bob", exists=True).accepted
        assert "appsec.events.users.login.failure.usr.exists" not in sdk.track_login_failure("bob").meta
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
    with pytest.raises(TypeError, match="unknown setting `trace_rate_limits`; the settings are trace_rate_limit,"):
        sdk.Service({"trace_rate_limits": 1})


def served_to(protection: Protection, headers: dict[str, str], peer: str) -> str:
    """The status of a request."""
    environ = {"REQUEST_METHOD": "GET", "REMOTE_ADDR": peer, **headers}
    statuses: list[str] = []
    list(protection(environ, lambda status, headers: statuses.append(status)))
    return statuses[0]


def test_an_operator_names_header_and_proxies() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b""]

    def status(protection: Protection, peer: str, **headers: str) -> str:
        return served_to(protection, {f"HTTP_{name.upper()}": value for name, value in headers.items()}, peer)

    engine = Engine({"version": "2.2", "rules": []}, trusted_proxies=["10.0.0.0/8"])
    engine.block(ip="8.8.8.8")
    protection = Protection(application, engine)
    assert status(protection, "8.8.8.8", x_forwarded_for="9.9.9.9") == "403 Blocked"
    assert status(protection, "10.0.0.1", x_forwarded_for="9.9.9.9, 8.8.8.8") == "403 Blocked"
    assert status(protection, "10.0.0.1", x_forwarded_for="8.8.8.8, 9.9.9.9") == "200 OK"
    named = Protection(application, engine, client_ip_header="x-real-ip", trusted_proxies={"10.0.0.1"})
    assert status(named, "10.0.0.1", x_real_ip="8.8.8.8", x_forwarded_for="9.9.9.9") == "403 Blocked"
    assert status(named, "10.0.0.2", x_real_ip="8.8.8.8") == "200 OK"
    with pytest.raises(bartizan.ArgumentError, match="neither an IP address nor a network: `10/8`"):
        Protection(application, engine, trusted_proxies=["10/8"])
    with pytest.raises(bartizan.ArgumentError, match="must be an array"):
        Protection(application, engine, trusted_proxies="10.0.0.0/8")
    with pytest.raises(TypeError, match="unknown setting `client_ip_heder`; the settings are rules,"):
        Engine({"version": "2.2", "rules": []}, client_ip_heder="x-real-ip")  # type: ignore[call-arg]


def test_hostile_metadata() -> None:
    metadata: dict[str, Any] = {"big": "x" * 10**6, "bytes": b"a\xff", "number": 2**70}
    metadata["itself"] = metadata
    with sdk.Request():
        report = sdk.track_custom_event(None, "x", metadata)
    assert len(report.meta["appsec.events.x.big"]) == 10**6
    assert report.meta["appsec.events.x.bytes"] == "a\ufffd"
    deep: Any = {}
    for _ in range(100_000):
        deep = {"k": deep}
    with sdk.Request():
        report = sdk.track_custom_event(None, "x", {"deep": deep, "k": "v"})
    assert report.meta["appsec.events.x.k"] == "v"
    while deep:
        deep = deep.pop("k")

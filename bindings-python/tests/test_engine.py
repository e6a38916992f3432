"""The engine of a process: errors, warnings, and the requests it serves."""

from __future__ import annotations

import contextvars
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bartizan
import pytest
from bartizan import sdk
from bartizan.engine import Blocked, Engine, default


def rule(id: str, address: str = "usr.session_id", **more: Any) -> dict[str, Any]:  # noqa: A002
    parameters = {"inputs": [{"address": address}], "list": ["bad"]}
    conditions = [{"operator": "exact_match", "parameters": parameters}]
    return {"id": id, "name": "n", "tags": {"type": id}, "conditions": conditions, "on_match": ["block"], **more}


GOOD = {"version": "2.2", "rules": [rule("good")]}
QUERY = {"version": "2.2", "rules": [rule("query", "server.request.query")]}
BROKEN = {"version": "2.2", "rules": [{"id": "bad", "name": "n", "tags": {"type": "t"}}]}


@pytest.mark.parametrize("enabled", [True, False, None])
@pytest.mark.parametrize("rules", [BROKEN, {}, {"ruels": []}, {"version": 2}, [], 5])
def test_rules_are_refused_as_a_waf_refuses_them(rules: Any, enabled: bool | None) -> None:
    with pytest.raises(bartizan.ConfigurationError) as by_waf:
        bartizan.Waf(rules)
    with pytest.raises(bartizan.ConfigurationError) as by_engine:
        Engine(rules, enabled=enabled)
    assert str(by_engine.value) == str(by_waf.value)
    assert by_engine.value.diagnostics.to_dict() == by_waf.value.diagnostics.to_dict()


def test_refused_rules_are_named() -> None:
    engine = Engine({"version": "2.2", "rules": [*GOOD["rules"], *BROKEN["rules"]]})
    assert engine.diagnostics.sections["rules"].errors == {"missing key 'conditions'": ("bad",)}
    (said,) = engine.report["report"]["diagnostics"].values()
    assert said["rules"]["errors"] == {"missing key 'conditions'": ["bad"]}
    report = engine.apply_remote(changed=[("datadog/2/ASM/more/config", BROKEN)])
    assert report["diagnostics"]["datadog/2/ASM/more/config"]["rules"]["failed"] == ["bad"]


def test_errors_about_rulesets_use_python_terms() -> None:
    Engine(json.dumps(GOOD))
    with pytest.raises(bartizan.ConfigurationError, match=r"the file `/etc/rules.json` cannot be read"):
        Engine("/etc/rules.json")
    with pytest.raises(bartizan.ConfigurationError, match=r"expected a dict, .* not 'int'"):
        Engine(5)  # type: ignore[arg-type]
    with pytest.raises(bartizan.ConfigurationError, match=r"expected a dict, .* not 'str'"):
        bartizan.Waf("/etc/rules.json")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="type 'object'"):
        Engine(object())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"enabeld": True}, "unknown setting `enabeld`"),
        ({"enabled": "yes"}, "`enabled` must be true or false"),
        ({"propagate": 1}, "`propagate` must be true or false"),
        ({"timeout_us": 0}, "`timeout_us` must be at least 1"),
        ({"timeout_us": "5"}, "`timeout_us` must be a number"),
        ({"environment": []}, "`environment` must be a map"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Engine(GOOD, **settings)


def test_warnings_are_returned_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "bartizan")
    assert Engine(GOOD).warnings == ()
    assert caplog.records == []
    engine = Engine({"version": "2.2", "rules": [rule("r", on_match=["missing"])]})
    (warning,) = engine.warnings
    assert (warning.kind, warning.section, warning.id) == ("unknown_action", "rules", "r")
    assert engine.diagnostics.warnings == (warning,)
    assert "missing" in warning.message
    assert "missing" in str(warning)
    assert "unknown_action" in repr(warning)
    assert caplog.messages == [str(warning)]
    action = {"id": "missing", "type": "block_request", "parameters": {}}
    engine.apply_remote(changed=[("datadog/2/ASM/actions/config", {"actions": [action]})])
    assert engine.warnings == ()
    nothing = Engine({"version": "2.2", "rules": []})
    assert [warning.kind for warning in nothing.warnings] == ["no_rules"]


def test_a_user_and_an_address_are_blocked_together() -> None:
    engine = Engine(GOOD, mode="block")
    assert engine.block(ip="203.0.113.7", user="mallory", seconds=60)["done"]
    assert engine.call("blocked", user="mallory")["blocked"]
    assert engine.call("blocked", ip="203.0.113.7")["blocked"]
    with pytest.raises(bartizan.ArgumentError, match="neither an IP address"):
        engine.block(ip="nowhere", user="bob")
    assert not engine.call("blocked", user="bob")["blocked"]
    assert engine.extend(ip="203.0.113.7", user="mallory", seconds=90)
    assert engine.unblock(ip="203.0.113.7", user="mallory")
    assert engine.call("blocks") == {"users": [], "ips": []}
    with pytest.raises(bartizan.ArgumentError, match="`user` and `ip`"):
        engine.block()


def test_sessions_are_checked_and_none_is_not_a_user() -> None:
    engine = Engine({"version": "2.2", "rules": [rule("session"), rule("user", "usr.id")]}, mode="block")
    with engine.request() as request:
        assert not request.is_user_blocked(None)
        assert not request.is_user_blocked("bob", "good")
        for _ in range(2):  # a rule answers once, and is remembered
            assert request.is_user_blocked("bob", "bad")
            assert request.is_user_blocked(None, "bad")
            assert request.is_user_blocked({"id": "eve", "session_id": "bad"})
            assert request.is_user_blocked("bad")
        assert not request.is_user_blocked("bob")
    with pytest.raises(Blocked), engine.request() as request:
        request.call("set_user", user={"id": "bob", "session_id": "bad"})
    assert request.is_user_blocked("bob", "bad")


def test_a_request_may_be_left_in_another_context() -> None:
    request = Engine(GOOD, mode="block").request()
    elsewhere = contextvars.copy_context()
    elsewhere.run(request.__enter__)
    request.__exit__(None, None, None)
    assert elsewhere.run(sdk._current.get) is request
    request.__enter__()
    elsewhere.run(request.__exit__, None, None, None)
    assert elsewhere.run(sdk._current.get) is None
    sdk._current.set(None)


def test_padding_hides_nothing_in_a_request() -> None:
    engine = Engine(
        {"version": "2.2", "rules": [rule("r", "server.request.query")]}, mode="block", timeout_us=30_000_000
    )
    padding = [[[None] * 10_000] * 100] * 2
    with engine.request() as request, pytest.raises(Blocked):
        request.run({"server.request.body": padding, "server.request.query": "bad"})
    assert "container_size" in request.finish()["incomplete"]


def test_business_events_are_evaluated() -> None:
    engine = Engine({"version": "2.2", "rules": [rule("pay", "server.business_logic.payment.failure")]}, mode="block")
    with engine.request() as request:
        assert sdk.submit_business_logic("payment.success", {"card": "bad"}) is None
        with pytest.raises(Blocked):
            sdk.submit_business_logic("payment.failure", {"card": "bad"})
        assert request.block_response()["status"] == 403


def test_the_mode_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARTIZAN_MODE", "block")
    with pytest.raises(Blocked):
        Engine(QUERY, timeout_us=60_000_000).request().start(query={"q": "bad"})
    Engine(QUERY, mode="monitor", timeout_us=60_000_000).request().start(query={"q": "bad"})
    monkeypatch.setenv("BARTIZAN_MODE", "blok")
    with pytest.raises(TypeError, match=r"the variable `BARTIZAN_MODE` must be `monitor` or `block`, not `blok`"):
        Engine(QUERY, timeout_us=60_000_000)


def test_the_engine_of_the_process_is_made_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        engines = set(pool.map(lambda _: default(), range(64)))
    assert len(engines) == 1
    default().request().start(query={"q": "<script>alert(1)</script>"})


def test_rules_come_from_files_and_change(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"version": "2.2", "rules": []}))
    engine = Engine(file, mode="block", timeout_us=60_000_000)

    def blocks(text: str = "bad") -> bool:
        try:
            engine.request().start(query={"q": text})
        except Blocked:
            return True
        return False

    assert not blocks()
    file.write_text(json.dumps(QUERY))
    engine.reload()
    assert blocks()
    with pytest.raises(bartizan.ArgumentError, match="the rules cannot be used"):
        engine.reload(BROKEN)
    assert blocks()
    engine.reload({"version": "2.2", "rules": []})
    assert not blocks()
    assert engine.update("mine", QUERY)["accepted"]
    assert blocks()
    exclusion = engine.exclude(parameter="q")
    assert not blocks()
    assert engine.include(exclusion)
    assert not engine.include(exclusion)
    assert engine.remove("mine")
    assert not blocks()


def test_exclusions_of_rules_that_do_not_exist_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(QUERY, exclusions=[{"rule": "misspelt"}])
    engine.exclude(rule="gone")
    engine.exclude(parameter="q")
    assert [record.message for record in caplog.records] == [
        f"exclusions: there is no rule `{rule}` to which this could apply (bartizan/exclusion/{number})"
        for number, rule in enumerate(("misspelt", "gone"))
    ]

"""The package as users see it: rules, contexts, results, updates."""

from __future__ import annotations

import sys
import threading
from datetime import timedelta
from typing import Any

import bartizan
import pytest


def rules(regex: str = "attack", *, id: str = "r1", **more: Any) -> dict[str, Any]:  # noqa: A002
    parameters = {"regex": regex, "inputs": [{"address": "server.request.query"}]}
    rule = {
        "id": id,
        "name": "finds attacks",
        "tags": {"type": id, "category": "attack_attempt"},
        "conditions": [{"operator": "match_regex", "parameters": parameters}],
        **more,
    }
    return {"version": "2.2", "metadata": {"rules_version": "1.2.3"}, "rules": [rule]}


ATTACK = {"server.request.query": {"q": ["fine", "an attack"]}}


def test_a_match_is_typed() -> None:
    result = bartizan.Waf(rules(on_match=["block"])).context().run(ATTACK, timeout=1)
    assert result.matched
    assert result.blocked
    assert not result.timeout
    assert result.keep
    assert result.evaluated == 1
    assert result.truncated is None
    assert result.duration > 0
    (event,) = result.events
    assert (event.rule.id, event.rule.name, event.rule.on_match) == ("r1", "finds attacks", ("block",))
    assert event.rule.tags == {"type": "r1", "category": "attack_attempt"}
    (match,) = event.matches
    assert (match.operator, match.operator_value, match.highlight) == ("match_regex", "attack", ("attack",))
    (argument,) = match.arguments
    assert (argument.name, argument.address, argument.value) == ("input", "server.request.query", "an attack")
    assert argument.key_path == ("q", 1)
    parameters = result.actions["block_request"]
    assert parameters["status_code"] == 403
    assert parameters["security_response_id"] == event.security_response_id
    as_dict = result.to_dict()
    assert list(as_dict) == ["events", "actions", "duration", "timeout", "attributes", "keep", "evaluated"]
    assert as_dict["events"] == [event.to_dict()]
    assert "r1" in repr(result)
    assert "r1" in repr(event)


def test_results_are_frozen() -> None:
    result = bartizan.Waf(rules()).context().run(ATTACK)
    with pytest.raises(AttributeError):
        result.keep = False  # type: ignore[misc]
    with pytest.raises(TypeError):
        bartizan.Result()  # type: ignore[call-arg, unused-ignore]


def test_a_quiet_request() -> None:
    result = bartizan.Waf(rules()).context().run({"server.request.query": {"q": "hello"}})
    assert not result.matched
    assert (result.events, result.actions, result.attributes, result.blocked) == ((), {}, {}, False)


def test_a_context_keeps_data_and_a_subcontext_does_not() -> None:
    waf = bartizan.Waf(rules())
    with waf.context() as context:
        sub = context.subcontext()
        assert sub.run(ATTACK).matched
        assert not sub.run(ATTACK).matched
        assert context.run(ATTACK).matched
        assert not context.subcontext().run(ATTACK).matched
    assert not context.run(ATTACK).matched


def test_batches() -> None:
    waf = bartizan.Waf(rules(on_match=["block"]))
    result = waf.context().run_batches([{"server.request.query": "hi"}, ATTACK, {"server.request.query": "late"}])
    assert result.blocked
    assert result.evaluated == 2
    with pytest.raises(TypeError, match="list of dicts"):
        waf.context().run_batches([[]])  # type: ignore[list-item]


def test_updates_leave_contexts_in_flight_alone() -> None:
    waf = bartizan.Waf(rules("one"))
    before = waf.context()
    assert waf.update("more", rules("two", id="r2")).sections["rules"].loaded == ("r2",)
    assert sorted(waf.paths()) == ["default", "more"]
    data = {"server.request.query": "one two"}
    assert [event.rule.id for event in before.run(data).events] == ["r1"]
    assert sorted(event.rule.id for event in waf.context().run(data).events) == ["r1", "r2"]
    assert waf.remove("default")
    assert not waf.remove("default")
    assert [event.rule.id for event in waf.context().run(data).events] == ["r2"]
    assert waf.remove("more")
    assert waf.paths() == []
    assert waf.known_addresses == ()
    assert not waf.context().run(data).matched


def test_known_addresses_and_actions() -> None:
    waf = bartizan.Waf(rules(on_match=["block"]))
    assert waf.known_addresses == ("server.request.query",)
    assert waf.known_actions == ("block_request",)


def test_diagnostics_name_what_to_fix() -> None:
    ruleset = rules()
    ruleset["rules"].append({"id": "bad", "name": "no conditions", "tags": {"type": "x"}})
    diagnostics = bartizan.Waf(ruleset).diagnostics
    assert diagnostics.has_errors
    assert diagnostics.error is None
    assert diagnostics.ruleset_version == "1.2.3"
    section = diagnostics.sections["rules"]
    assert (section.loaded, section.failed, section.skipped, section.error) == (("r1",), ("bad",), (), None)
    assert section.errors == {"missing key 'conditions'": ("bad",)}
    assert section.warnings == {}
    assert diagnostics.to_dict()["rules"]["failed"] == ["bad"]
    assert str(diagnostics) == "rules: missing key 'conditions' (bad)"


def test_rulesets_without_a_usable_rule_raise() -> None:
    with pytest.raises(bartizan.ConfigurationError, match=r"missing key 'conditions' \(bad\)") as caught:
        bartizan.Waf({"version": "2.2", "rules": [{"id": "bad", "name": "n", "tags": {"type": "x"}}]})
    assert caught.value.diagnostics.sections["rules"].failed == ("bad",)
    waf = bartizan.Waf(rules())
    with pytest.raises(bartizan.BartizanError, match="'more' was refused"):
        waf.update("more", {"rules": "none"})
    assert waf.context().run(ATTACK).matched


def test_configurations_of_the_wrong_type() -> None:
    with pytest.raises(TypeError, match="'object'"):
        bartizan.Waf({"rules": [object()]})
    with pytest.raises(TypeError, match="keys of a configuration must be strings, not 'int'"):
        bartizan.Waf({1: 2})  # type: ignore[dict-item]
    wrong: Any
    for wrong in ([], "text", 3, None):
        with pytest.raises(ValueError, match="refused"):
            bartizan.Waf(rules()).update("x", wrong)
    cyclic: dict[str, Any] = {}
    cyclic["rules"] = cyclic
    with pytest.raises((TypeError, ValueError)):
        bartizan.Waf(cyclic)


@pytest.mark.parametrize("timeout", [0.5, 1, timedelta(milliseconds=5), float("inf"), 10**30])
def test_timeouts(timeout: float | timedelta) -> None:
    assert bartizan.Waf(rules(), timeout=timeout).context().run(ATTACK, timeout=timeout).matched


@pytest.mark.parametrize("timeout", [-1, float("nan"), timedelta(days=-1), "5ms", [], 10**400])
def test_wrong_timeouts(timeout: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="timeout"):
        bartizan.Waf(rules()).context().run(ATTACK, timeout=timeout)


def test_no_time_at_all() -> None:
    assert bartizan.Waf(rules()).context().run(ATTACK, timeout=0).timeout


def test_threads_share_a_waf_and_a_context() -> None:
    waf = bartizan.Waf(rules())
    shared = waf.context()
    found: list[str] = []
    failures: list[BaseException] = []
    large = {"server.request.query": {str(i): "x" * 4000 for i in range(100)}}

    def work(number: int) -> None:
        try:
            for _ in range(20):
                found.extend(event.rule.id for event in shared.run(ATTACK).events)
                shared.run(large, timeout=10)
                assert waf.context().run(ATTACK, timeout=10).matched
                waf.update(f"path{number}", rules("other", id=f"r{number}"))
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(10, 14)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert found == ["r1"]


def test_large_data_are_evaluated_without_the_gil() -> None:
    waf = bartizan.Waf(timeout=600, max_string_length=1 << 28)
    large = {"server.request.body": "the committee's office is open to everyone " * 400_000}
    began, ended = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        waf.context().run(large)
        ended.set()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # from here on, the GIL changes hands only where it is given away
    try:
        thread = threading.Thread(target=work)
        thread.start()
        began.wait()
        assert not ended.is_set()
    finally:
        sys.setswitchinterval(interval)
        thread.join()


def test_the_version() -> None:
    assert bartizan.__version__.count(".") == 2
    assert bartizan.ENGINE_VERSION == "2.1.0"

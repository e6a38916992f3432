from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from bartizan.engine import Blocked, Engine, Request
from bartizan.settings import Settings
from opentelemetry.sdk.trace import TracerProvider

RULES = {
    "version": "2.2",
    "rules": [
        {
            "id": "r",
            "name": "n",
            "tags": {"type": "t", "category": "attack_attempt"},
            "on_match": ["block"],
            "conditions": [
                {
                    "operator": "match_regex",
                    "parameters": {"regex": "attack", "inputs": [{"address": "server.request.query"}]},
                }
            ],
        }
    ],
}


def watched(**settings: Any) -> Engine:
    return Engine(RULES, timeout_us=60_000_000, **settings)


def attack(engine: Engine) -> Request:
    request = engine.request()
    try:
        request.start(method="GET", url="/search?q=x", query={"q": ["an attack"]}, peer="192.0.2.7")
    except Blocked:
        request.block_response()
    request.finish()
    return request


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(record.getMessage()) for record in caplog.records if record.name == "bartizan"]


def test_attacks_and_blocks_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    attack(watched(mode="block"))
    found, block = lines(caplog)
    assert (found["event"], found["rule"], found["action"], found["client"]) == ("attack", "r", "block", "192.0.2.7")
    assert (block["event"], block["reason"], block["rule"], block["status"]) == ("block", "rule", "r", 403)
    assert block["security_response_id"] == found["security_response_id"]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_lines_are_limited(caplog: pytest.LogCaptureFixture) -> None:
    engine = watched(log_rate_limit=1)
    for _ in range(3):
        attack(engine)
    assert len(lines(caplog)) == 1
    assert engine.metrics()["log_suppressed"] == {"attack": 2, "block": 0}


def test_hooks_hear_of_everything() -> None:
    events: list[dict[str, Any]] = []
    blocks: list[dict[str, Any]] = []
    engine = watched(mode="block", log_rate_limit=0, on_event=events.append, on_block=blocks.append)
    attack(engine)
    attack(engine)
    assert [event["matched"] for event in events] == ["attack", "attack"]
    assert [block["path"] for block in blocks] == ["/search", "/search"]


@pytest.mark.parametrize("error", [ValueError("no"), Blocked("no"), GeneratorExit()])
def test_what_hooks_raise_goes_no_further(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_record: dict[str, Any]) -> None:
        raise error

    attack(watched(on_event=fail))
    assert "a hook failed" in caplog.messages


def test_hooks_may_use_the_engine() -> None:
    calls: list[str] = []

    def look_again(record: dict[str, Any]) -> None:
        calls.append(record["rule"])
        engine.block(ip=record["client"])
        attack(engine)

    engine = watched(mode="block", on_event=look_again)
    attack(engine)
    assert calls == ["r"], "hooks are not called within hooks"


@pytest.mark.parametrize("hook", [5, "hook"])
def test_only_functions_are_hooks(hook: Any) -> None:
    with pytest.raises(TypeError, match="on_event must be a function"):
        watched(on_event=hook)


def test_asynchronous_functions_are_no_hooks() -> None:
    async def later(_record: dict[str, Any]) -> None:
        pass

    with pytest.raises(TypeError, match="not asynchronous"):
        watched(on_block=later)


def test_hooks_hear_of_dangerous_operations() -> None:
    events: list[dict[str, Any]] = []
    request = watched(on_event=events.append).request()
    request.operation({"server.request.query": "an attack"})
    assert [event["rule"] for event in events] == ["r"]


def test_numbers() -> None:
    engine = watched(mode="block")
    attack(engine)
    metrics = engine.metrics()
    assert metrics["requests"] == 1
    assert metrics["events"] == {"r": 1}
    assert metrics["blocks"] == {"rule": 1}
    assert metrics["evaluation_seconds"]["count"] == metrics["evaluations"]["request"]
    text = engine.prometheus()
    assert 'bartizan_events_total{rule="r"} 1\n' in text
    for line in text.splitlines():
        assert line.startswith("#") or len(line.rsplit(" ", 1)) == 2


def test_tags_go_to_the_current_span_of_opentelemetry() -> None:
    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("request") as span:
        attack(watched())
    attributes: Any = span.attributes  # type: ignore[attr-defined]
    assert (attributes["appsec.event"], attributes["bartizan.would_block"]) == ("true", "true")
    attack(watched())


def test_a_span_that_is_given_counts() -> None:
    given: dict[str, Any] = {}

    class Span:
        set_tag = staticmethod(given.__setitem__)

    with TracerProvider().get_tracer("test").start_as_current_span("request") as span:
        watched().request(Span()).finish()
    assert given["_dd.appsec.enabled"] == 1
    assert not span.attributes  # type: ignore[attr-defined]


def test_settings_are_those_of_the_engine() -> None:
    wrong: Any = {"no such": 1}
    with pytest.raises(TypeError, match="unknown setting") as error:
        Engine(RULES, **wrong)
    known = str(error.value).split("the settings are ")[1].split(", ")
    assert sorted(known) == sorted(["rules", "host", *Settings.__annotations__])

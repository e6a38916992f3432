"""The detector of account takeover: bad input, subscribers, the helper thread, and the detector of an engine."""

from __future__ import annotations

import gc
import json
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, ClassVar

import bartizan
import pytest
from bartizan import sdk
from bartizan.engine import Blocked, Engine
from bartizan.takeover import Detector

from test_fork import Child

# Whoever waits for another thread does so no longer than that.
PATIENCE = 60.0
RULES = {"version": "2.2", "rules": []}


def eventually(what: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def attack(detector: Detector, login: str = "bob", times: int = 41) -> dict[str, Any]:
    """Failures of one account, one too many."""
    for _ in range(times):
        verdict = detector.event({"event": "users.login.failure", "usr.login": login, "ip": "203.0.113.9"})
    return verdict


class Hostile(dict[str, Any]):
    def items(self) -> Any:
        raise ValueError("no")

    def __iter__(self) -> Any:
        raise ValueError("no")


@pytest.mark.parametrize(
    ("event", "dropped"),
    [
        (None, "an event must be a map"),
        (5, "an event must be a map"),
        ([], "an event must be a map"),
        ("users.login.failure", "an event must be a map"),
        (object(), "an event must be a map"),
        ({}, "missing key 'event'"),
        ({"event": None}, "missing key 'event'"),
        ({"event": "No Name"}, "invalid event name, expected 1 to 64 of a-z, 0-9, '_' and '.'"),
    ],
)
def test_bad_events_are_dropped_and_counted(event: Any, dropped: str) -> None:
    detector = Detector(clock="manual")
    assert detector.event(event) == {"signals": [], "opened": False, "escalated": False, "dropped": dropped}
    health = detector.health()
    assert (health["events"], sum(health["dropped_events"].values())) == (1, 1)


def test_what_is_in_an_event_never_raises() -> None:
    detector = Detector(clock="manual")
    itself: dict[str, Any] = {"event": "users.login.failure"}
    itself["meta"] = itself
    events: list[Any] = [
        itself,
        Hostile(event="users.login.failure"),
        {"event": "users.login.failure", "usr.login": "x" * 10**6, "ip": "nowhere", "ts_ms": -1},
        {"event": "users.login.failure", "usr.login": "\udcff\ud800", "usr.id": 10**400, "geo": [], "ti": 5},
        {"event": "users.login.failure", "usr.login": b"\xff", "usr.exists": object(), "ts_ms": float("nan"), 5: 5},
    ]
    for event in events:
        assert "signals" in detector.event(event)
        assert detector.assess(event)["decision"] == "allow"
    assert detector.assess(None)["dropped"] == "an event must be a map"  # type: ignore[arg-type]


def test_what_is_wrong_with_a_configuration_is_told() -> None:
    assert Detector(clock="manual").diagnostics is None
    detector = Detector({"bartizan_ato": {"rules": [{"id": "x"}]}}, "manual")
    assert detector.diagnostics is not None
    assert detector.diagnostics.has_errors
    assert detector.apply("p", []).error == "invalid configuration type, expected 'map', obtained 'array'"  # type: ignore[arg-type]
    assert not detector.apply("p", {"bartizan_ato": {"settings": {"enabled": False}}}).has_errors
    assert detector.remove("p")
    assert not detector.remove("p")
    with pytest.raises(TypeError, match="type 'object'"):
        detector.apply("p", {"bartizan_ato": object()})
    with pytest.raises(TypeError, match="must be `system` or `manual`, not `sun`"):
        Detector(clock="sun")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Detector(clocks="manual")  # type: ignore[call-arg]


def test_wrong_arguments_are_told() -> None:
    detector = Detector(clock="manual")
    with pytest.raises(bartizan.ArgumentError, match="neither an address nor a network"):
        detector.block({"ip": "nowhere"})
    with pytest.raises(bartizan.ArgumentError, match="unknown severity 'grave'"):
        detector.signals(min_severity="grave")
    with pytest.raises(bartizan.ArgumentError, match="unknown kind 'sung'"):
        detector.subscribe(print, kinds=["sung"])
    with pytest.raises(bartizan.ArgumentError, match="only a manual clock"):
        Detector().advance(1)
    with pytest.raises(bartizan.ArgumentError, match="no snapshot"):
        Detector.restore(b"PK")
    with pytest.raises(TypeError):
        Detector.restore("PK")  # type: ignore[arg-type]
    assert detector.signal("none") is None
    assert detector.export("none", "ips.csv") is None


def test_files_come_in_pieces() -> None:
    detector = Detector(clock="manual")
    for n in range(3000):
        login = f"user{n}@" + "long." * 20 + "example"
        detector.event({"event": "users.login.failure", "usr.login": login, "ip": "203.0.113.9"})
    (signal,) = detector.signals(rule="ato-credential-stuffing")
    pieces = list(detector.export(signal["id"], "events.ndjson") or [])
    assert len(pieces) > 1
    rows = [json.loads(line) for line in b"".join(pieces).splitlines()]
    assert rows[-1]["usr.login"].startswith("user2999@")


def test_an_engine_continues_from_a_snapshot() -> None:
    rules: dict[str, Any] = {"version": "2.2", "rules": []}
    before = Engine(rules)
    assert before.takeover is not None
    before.takeover.block({"user": "mallory", "seconds": 60})
    after = Engine(rules, takeover_snapshot=before.takeover.snapshot())
    assert after.report["report"]["warnings"] == []
    assert after.call("blocked", user="mallory")["blocked"] is True
    empty = Engine(rules, takeover_snapshot=b"PK")
    assert empty.report["report"]["warnings"][0].startswith("account-takeover detection starts empty: ")
    with pytest.raises(TypeError, match="`takeover_snapshot` must be bytes"):
        Engine(rules, takeover_snapshot=5)  # type: ignore[arg-type]


def test_blocks_outlive_a_restart() -> None:
    detector = Detector(clock="manual")
    assert detector.block({"user": "mallory", "seconds": 60, "reason": "seen before"})["origin"] == "manual"
    detector = Detector.restore(detector.snapshot(), clock="manual")
    assert [block["reason"] for block in detector.blocks()] == ["seen before"]
    assert detector.assess({"usr.id": "mallory"})["decision"] == "block"
    assert detector.extend({"user": "mallory"}) == 1
    assert detector.unblock({"all": True}) == 1
    assert [change["what"] for change in detector.audit()][-2:] == ["extend", "unblock"]


def test_subscribers_may_call_the_detector_and_may_raise(caplog: pytest.LogCaptureFixture) -> None:
    detector = Detector(clock="manual")
    told: list[str] = []

    def subscriber(notification: dict[str, Any]) -> None:
        assert detector.signal(notification["signal"]["id"]) is not None
        detector.tick()
        told.append(notification["kind"])

    def raises(_: dict[str, Any]) -> None:
        raise ValueError("on purpose")

    detector.subscribe(raises)
    number = detector.subscribe(subscriber, min_severity="low", kinds=["opened"])
    detector.subscribe(subscriber, min_severity="critical")
    assert attack(detector)["opened"]
    assert told == []
    with caplog.at_level(logging.ERROR, "bartizan"):
        detector.tick()
    assert told == ["opened"]
    assert "on purpose" in caplog.text
    assert detector.unsubscribe(number)
    assert not detector.unsubscribe(number)
    attack(detector, "eve")
    detector.tick()
    assert told == ["opened"]


def test_nobody_has_to_tick() -> None:
    detector = Detector()
    told: list[int] = []
    detector.subscribe(lambda _: told.append(threading.get_ident()))
    attack(detector)
    assert eventually(lambda: bool(told))
    assert told[0] != threading.get_ident()


def test_detectors_go_when_nobody_holds_them() -> None:
    detector = Detector()
    gone = weakref.ref(detector)
    del detector
    gc.collect()
    assert eventually(lambda: gone() is None)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_the_helper_thread_is_there_in_forked_children() -> None:
    detector = Detector()
    told: list[str] = []
    detector.subscribe(lambda notification: told.append(notification["kind"]))

    def life() -> Any:
        attack(detector)
        assert eventually(lambda: bool(told))
        yield told[0]

    how, (kind,) = Child(life).end()
    assert (how, kind) == ("well", "opened")
    assert told == []


class Botnet:
    """An engine that has learned for nine days, and a distributed attack on it, whose traits become a rule."""

    BEGIN_MS = 1_764_064_800_000
    STEP_MS = 144_000
    LOGINS = 5400
    SETTINGS: ClassVar[dict[str, Any]] = {
        "login_routes": ["/login"],
        "response": {"mode": "block", "min_severity": "low"},
    }

    def __init__(self) -> None:
        document = {"bartizan_ato": {"version": "1.0", "settings": self.SETTINGS}}
        start_ms = self.BEGIN_MS - self.LOGINS * self.STEP_MS
        self.engine = Engine(takeover=document, service="shop", clock="manual", start_ms=start_ms)
        assert self.engine.takeover is not None
        self.detector = self.engine.takeover
        for n in range(self.LOGINS):
            self.detector.advance(start_ms + n * self.STEP_MS)
            member = n * 7 % 400
            who = self.event(f"90.{member // 200}.{member % 200}.7", member, {"accept-language": "de"})
            if n % 20 == 0:
                self.detector.event({"event": "users.login.failure", **who})
            self.detector.event({"event": "users.login.success", **who})
        for at in range(1, 3):
            for n in range(300):
                bot = self.event(f"60.{at}.{n % 250}.{n // 250}", n, {})
                self.detector.event({"event": "users.login.failure", **bot})
            self.detector.advance(self.BEGIN_MS + at * 60_000)

    @staticmethod
    def headers(traits: dict[str, str]) -> dict[str, str]:
        agent = "Mozilla/5.0 (X11) Firefox/145.0" if traits else "Mozilla/5.0 (X11) Safari/605.1.15"
        # With fewer names, a proxy would seem to remove headers, and no rule made of them would refuse.
        usual = {"host": "shop", "accept-encoding": "gzip", "connection": "close", "content-type": "application/json"}
        return {**usual, "user-agent": agent, "accept": "*/*", **traits}

    def event(self, address: str, member: int, traits: dict[str, str]) -> dict[str, Any]:
        headers = self.headers(traits)
        names = {"user-agent": "http.user_agent", "accept": "http.accept", "accept-language": "http.accept_language"}
        return {
            "usr.login": f"member{member}",
            "usr.exists": True,
            "ip": address,
            "http.method": "POST",
            "http.url_path": "/login",
            "http.header_names": list(headers),
            **{names[name]: value for name, value in headers.items() if name in names},
        }

    def refuses(self, address: str, traits: dict[str, str]) -> bool:
        """Whether the firewall refuses a request, of which nothing says whose login it is."""
        request = self.engine.request()
        try:
            request.start(method="POST", url="/login", headers=self.headers(traits), peer=address)
        except Blocked:
            return True
        return False

    def withdraw(self) -> int:
        (signal,) = self.detector.signals(rule="ato-distributed-attempts")
        return self.detector.unblock({"rule": signal["clusters"][0]["rule_id"]})


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_generated_rule_refuses_in_forked_children_which_may_withdraw_it() -> None:
    botnet = Botnet()

    def bots_and_people() -> tuple[bool, bool]:
        return botnet.refuses("77.1.2.3", {}), botnet.refuses("77.1.2.4", {"accept-language": "de"})

    assert bots_and_people() == (True, False)

    def life() -> Any:
        assert bots_and_people() == (True, False)
        assert botnet.withdraw() == 1
        assert bots_and_people() == (False, False)
        yield "withdrawn"

    assert Child(life).end() == ("well", ["withdrawn"])
    assert bots_and_people() == (True, False), "the parent keeps it"


def test_an_engine_has_a_detector() -> None:
    engine = Engine(RULES, service="shop", env="test")
    assert engine.takeover is not None
    assert engine.takeover is engine.takeover
    with engine.request() as request:
        request.start(method="POST", url="/login", peer="203.0.113.9")
        sdk.track_login_failure("bob", exists=True)
    assert engine.takeover.health()["events"] == 1
    assert engine.takeover.health()["services"][0]["service"] == "shop"
    assert Engine(RULES, takeover=False).takeover is None
    with pytest.raises(TypeError, match="`takeover` must be true, false or a map"):
        Engine(RULES, takeover=5)  # type: ignore[arg-type]


def test_an_engine_says_what_is_wrong_with_its_document() -> None:
    def diagnostics(**settings: Any) -> Any:
        detector = Engine(RULES, **settings).takeover
        assert detector is not None
        return detector.diagnostics

    assert diagnostics() is None
    document = {"bartizan_ato": {"settings": {"response": {"mode": "blok"}}}}
    assert "unknown mode 'blok'" in str(diagnostics(takeover=document))


def test_threads_share_a_detector() -> None:
    detector = Detector()
    problems: list[BaseException] = []

    def busy(n: int) -> None:
        try:
            for round_ in range(200):
                detector.event({"event": "users.login.failure", "usr.login": f"u{n}", "ip": f"192.0.2.{round_ % 50}"})
                detector.block({"ip": f"198.51.100.{n}"})
                detector.signals()
                detector.tick()
        except BaseException as problem:
            problems.append(problem)

    detector.subscribe(lambda _: detector.health())
    threads = [threading.Thread(target=busy, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert detector.health()["events"] == 1600


def test_an_engine_without_rules_has_the_built_in_ones() -> None:
    with Engine().request() as request:
        request.start(method="GET", url="/", query={"file": "../../../../etc/passwd"})
        assert request.finish()["meta"]["appsec.event"] == "true"


def test_a_refused_document_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "bartizan"):
        Engine(takeover={"bartizan_ato": {"settings": {"response": {"mode": "blok"}}}})
    assert "unknown mode 'blok'" in caplog.text

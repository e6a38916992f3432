"""Account takeover over HTTP: attackers and honest users of the two login applications, on loopback.

The applications know nothing of the detector; they report logins to the SDK, or a rule does. Clients are told apart by
`X-Forwarded-For`, since the test itself is the trusted proxy.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bartizan.takeover import Detector

from site_under_test import SECRET, Site

ATTACKER, OTHER, CAMPUS = "203.0.113.9", "198.51.100.7", "192.0.2.80"


def guess(site: Site, n: int) -> int:
    """One address guesses passwords of one account."""
    return site.login("bob@example.org", f"guess {n}", ATTACKER)


def stuff(site: Site, n: int) -> int:
    """One address tries a list of accounts."""
    return site.login(f"user{n}@example.org", "leaked", ATTACKER)


def stuff_unreported(site: Site, n: int) -> int:
    """The same where the application reports nothing, and a rule does."""
    return site.login(f"user{n}@example.org", "leaked", ATTACKER, "/legacy")


def enumerate_accounts(site: Site, n: int) -> int:
    return site.send("/reset", {"username": f"user{n}@example.org"}, ATTACKER)[0]


def test_cards(site: Site, n: int) -> int:
    return site.send("/pay", {"card": f"4111 {n}"}, ATTACKER)[0]


test_cards.__test__ = False  # type: ignore[attr-defined]

HOUR = 3600
# What one attempt is, the rule that finds it, the attempt that opens the signal, and how long the address is then refused.
ATTACKS = {
    "guessed passwords": (guess, "ato-bruteforce", 41, 12 * HOUR),
    "list of accounts": (stuff, "ato-credential-stuffing", 31, 12 * HOUR),
    "list of accounts, by rule": (stuff_unreported, "ato-credential-stuffing", 31, 12 * HOUR),
    "reset enumeration": (enumerate_accounts, "bl-password-reset-enum", 6, HOUR),
    "card testing": (test_cards, "bl-payment-failure", 4, HOUR),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_found_at_the_documented_event(site: Callable[..., Site], attack: str) -> None:
    attempt, rule, opens_at, _ = ATTACKS[attack]
    monitored = site("monitor")
    answers = [attempt(monitored, n) for n in range(opens_at - 1)]
    assert rule not in monitored.rules()
    answers.append(attempt(monitored, opens_at))
    assert rule in monitored.rules()
    answers += [attempt(monitored, n) for n in range(opens_at, opens_at + 5)]
    assert len(set(answers)) == 1, "nothing is refused in monitor mode"


# What refuses the attacker: no account of the list exists, which is noticed before the number of failures, at about the 21st
# (beyond a dozen, different accounts are estimated).
FIRST = ATTACKS | {"list of accounts": (stuff, "ato-user-enumeration", 25, HOUR)}
del FIRST["guessed passwords"]  # which names no address to refuse


@pytest.mark.parametrize("attack", FIRST)
def test_attackers_are_refused_in_block_mode(site: Callable[..., Site], attack: str) -> None:
    attempt, rule, opens_at, seconds = FIRST[attack]
    blocking = site("block")
    for n in range(opens_at):
        attempt(blocking, n)
    assert blocking.rules() == {rule}
    (block,) = blocking.operate("blocks")
    assert (block["kind"], block["value"], block["rule"]) == ("ip", ATTACKER, rule)
    # A tenth more or less, so that the end cannot be foreseen.
    assert 0.89 * seconds < block["until"] - time.time() < 1.11 * seconds
    # The right password does not help, and others are not concerned.
    refused = blocking.send("/login", {"username": "bob@example.org", "password": "correct"}, ATTACKER)
    # Where the application's own response to wrong passwords is known, a refusal looks the same.
    if attack == "list of accounts":
        assert refused == (401, "wrong user or password")
    else:
        assert refused != (200, "welcome")
    assert blocking.login("bob@example.org", "correct", OTHER) == 200


def test_an_institution_behind_one_address_is_never_refused(site: Callable[..., Site]) -> None:
    blocking = site("block")
    for n in range(100):
        # 18 of 100 mistype.
        wrong = n % 50 in range(3, 48, 5)
        assert blocking.login("bob@example.org", "typo" if wrong else "correct", CAMPUS) == (401 if wrong else 200)
    assert blocking.operate("blocks") == []


class Receiver(http.server.BaseHTTPRequestHandler):
    """A webhook."""

    received: list[tuple[dict[str, Any], str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signature = self.headers["X-Bartizan-Signature"]
        self.received.append((json.loads(body), signature))
        values = dict(part.split("=", 1) for part in signature.split(","))
        expected = hmac.new(SECRET.encode(), values["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        self.send_response(204 if hmac.compare_digest(values["v1"], expected) else 400)
        self.end_headers()
        if not hmac.compare_digest(values["v1"], expected):
            self.received.append(({"wrong signature": signature}, expected))

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[tuple[dict[str, Any], str]]]]:
    received: list[tuple[dict[str, Any], str]] = []
    handler = type("Handler", (Receiver,), {"received": received})
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=receiver.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{receiver.server_port}/hook", received
    receiver.shutdown()
    receiver.server_close()


def test_a_false_positive_is_told_resolved_and_stays_unblocked(
    site: Callable[..., Site], webhook: tuple[str, list[tuple[dict[str, Any], str]]]
) -> None:
    url, received = webhook
    blocking = site("block", url)
    for n in range(31):
        stuff_unreported(blocking, n)
    assert blocking.login("bob@example.org", "correct", ATTACKER) != 200
    (found,) = blocking.operate("signals")
    assert blocking.operate("resolve", id=found["id"], how="false_positive")
    assert blocking.login("bob@example.org", "correct", ATTACKER) == 200
    for n in range(31, 70):
        assert stuff_unreported(blocking, n) == 401
    assert blocking.login("bob@example.org", "correct", ATTACKER) == 200
    for _ in range(100):
        if any(body.get("kind") == "resolved" or "resolved" in json.dumps(body) for body, _ in received):
            break
        time.sleep(0.1)
    assert received and not any("wrong signature" in body for body, _ in received)
    assert any(found["id"] in json.dumps(body) for body, _ in received)


def test_what_is_known_outlives_the_process(site: Callable[..., Site], server: str) -> None:
    blocking = site("block")
    for n in range(31):
        stuff(blocking, n)
    before, found_before = blocking.operate("blocks"), blocking.operate("signals")
    assert before and found_before
    snapshot = base64.b64decode(blocking.operate("snapshot"))
    blocking.process.send_signal(signal.SIGKILL)
    blocking.process.wait(10)
    restored = Detector.restore(snapshot)
    assert [(block["value"], block["until"]) for block in restored.blocks()] == [
        (block["value"], block["until"]) for block in before
    ]
    assert [found["id"] for found in restored.signals()] == [found["id"] for found in found_before]

"""A botnet with one attempt per address and per account, against the two login applications, on loopback.

Detection has learned for nine days when it begins, with a clock that the test advances.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bartizan.takeover import Detector

from site_under_test import Answer, Past, Site

DAY_MS = 86_400_000
BEGIN_MS = 1_764_064_800_000
# More than the week without which nothing is known of accounts, and more than the 3,840 logins without which no rule refuses.
DAYS, LOGINS = 9, 5400
MEMBERS, BOTS = 400, 2000
CODE = "314159"
WRONG, ASKED = "wrong user or password", "enter the code that we sent you"

# The attacker's program, and what honest people use.
BOT = {"User-Agent": "okhttp/4.12.0", "Accept": "*/*"}
BROWSERS = [
    {"User-Agent": f"Mozilla/5.0 ({system}) Gecko/20100101 Firefox/{version}", "Accept": "*/*", "Accept-Language": "de"}
    for system in ("X11; Linux x86_64", "Windows NT 10.0", "Macintosh")
    for version in ("144.0", "145.0")
]


def login_of(member: int) -> str:
    return f"member{member}@example.org"


def home_of(member: int) -> str:
    return f"91.{member // 200}.{member % 200}.7"


def browser_of(member: int) -> dict[str, str]:
    return BROWSERS[member % len(BROWSERS)]


@pytest.fixture(scope="module")
def past() -> Past:
    """Nine days of honest logins."""
    step_ms = DAYS * DAY_MS // LOGINS
    detector = Detector(clock="manual", start_ms=BEGIN_MS - LOGINS * step_ms, service="shop")
    for n in range(LOGINS):
        detector.advance(BEGIN_MS - (LOGINS - n) * step_ms)
        member = n * 7 % MEMBERS
        traits = browser_of(member)
        names = ["host", "accept-encoding", "content-length", "x-forwarded-for", "content-type"]
        event = {
            "usr.login": login_of(member),
            "usr.id": f"m-{member}",
            "ip": home_of(member),
            "http.method": "POST",
            "http.url_path": "/login",
            "http.user_agent": traits["User-Agent"],
            "http.accept": traits["Accept"],
            "http.accept_language": traits["Accept-Language"],
            "http.accept_encoding": "identity",
            "http.content_type": "application/x-www-form-urlencoded",
            "http.header_names": [*names, *map(str.lower, traits)],
        }
        if n % 20 == 0:
            detector.event({"event": "users.login.failure", "usr.exists": True, **event})
        detector.event({"event": "users.login.success", **event})
    return Past(detector.snapshot(), BEGIN_MS)


class Scene:
    """A site under attack, with what it answered."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.bots = 0

    def bot(self, member: int, password: str = "leaked", code: str = "") -> Answer:
        """Try an account from an address of its own."""
        self.bots += 1
        client = f"{60 + self.bots % 30}.{self.bots // 200}.{self.bots % 200}.9"
        form = {"username": login_of(member), "password": password, "code": code}
        return self.site.ask("/login", form, client, BOT)

    def honest(self, member: int, *, client: str = "", password: str = "", code: str = "") -> Answer:
        """Log in as the member does, from home unless `client` says otherwise."""
        form = {"username": login_of(member), "password": password or f"secret {member}", "code": code}
        return self.site.ask("/login", form, client or home_of(member), browser_of(member))

    def attack(self, first: int, last: int) -> list[Answer]:
        """Let bots try these accounts, while members log in, some of whom mistype first."""
        answers = []
        for n in range(first, last):
            # The attacker has the passwords of some members.
            answers.append(self.bot(n, f"secret {n}" if n % 50 == 7 else "leaked"))
            if n % 25 == 0:
                member = (n // 25 + 200) % MEMBERS
                if n % 100 == 0:
                    assert self.honest(member, password="typo")[:2] == (401, WRONG)
                assert self.honest(member)[:2] == (200, "welcome")
        return answers

    def campaign(self) -> dict:
        """The signal about the attack on the whole service."""
        (found,) = (one for one in self.site.operate("signals") if one["rule"]["id"] == "ato-distributed-attempts")
        return found


@pytest.fixture
def scene(site: Callable[..., Site], past: Past) -> Callable[[str], Scene]:
    routes = [{"path": "/login", "login": "username"}]
    return lambda mode: Scene(site(mode, past=past, detection={"gate": mode == "block", "login_routes": routes}))


def test_a_botnet_is_answered_as_if_its_passwords_were_wrong(scene: Callable[[str], Scene]) -> None:
    attacked = scene("block")
    site = attacked.site
    own = attacked.attack(0, 300)
    assert {(answer.status, answer.body) for answer in own} == {(401, WRONG), (200, "welcome")}
    site.pass_seconds(60)
    assert attacked.campaign()["state"] == "open"
    # Until it is known what the attack's requests have in common, the gate holds them up.
    own += attacked.attack(300, 600)
    assert {(answer.status, answer.body) for answer in own[300:]} == {(401, ASKED)}
    site.pass_seconds(60)
    signal = attacked.campaign()
    (cluster,) = signal["clusters"]
    assert (cluster["mode"], cluster["grade"]) == ("stealth", "block")

    # Neither a known password nor a code helps, and nothing tells that it is a refusal.
    refused = attacked.attack(600, BOTS - 10)
    refused += [attacked.bot(350, "secret 350"), attacked.bot(351, "secret 351", CODE)]
    wrong = next(answer for answer in own if answer.status == 401)
    for answer in refused:
        assert answer[:3] == wrong[:3]
        assert set(answer.headers) == set(wrong.headers)
        assert "security_response_id" not in answer.body
    site.pass_seconds(60)
    signal = attacked.campaign()
    assert signal["clusters"][0]["refused"] == len(refused)
    assert site.operate("blocks") == []

    # Who is at home is not bothered; who is elsewhere is asked for a code.
    assert attacked.honest(3)[:2] == (200, "welcome")
    for code, expected in [("", (401, ASKED)), ("000000", (401, ASKED)), (CODE, (200, "welcome"))]:
        assert attacked.honest(3, client="77.1.2.3", code=code)[:2] == expected

    # The operator withdraws the rule: the same requests are only asked for a code.
    assert site.operate("unblock", whom={"rule": cluster["rule_id"]}) == 1
    assert attacked.bot(352, "secret 352")[:2] == (401, ASKED)
    assert attacked.bot(352, "secret 352", CODE)[:2] == (200, "welcome")
    # And if there was no attack at all, nobody is.
    assert site.operate("resolve", id=signal["id"], how="false_positive")
    assert attacked.bot(353, "secret 353")[:2] == (200, "welcome")
    assert attacked.honest(4, client="77.1.2.4")[:2] == (200, "welcome")


def test_a_false_positive_ends_the_rule(scene: Callable[[str], Scene]) -> None:
    attacked = scene("block")
    for first in (0, 300):
        attacked.attack(first, first + 300)
        attacked.site.pass_seconds(60)
    assert attacked.bot(350, "secret 350")[:2] == (401, WRONG)
    assert attacked.site.operate("resolve", id=attacked.campaign()["id"], how="false_positive")
    assert attacked.bot(351, "secret 351")[:2] == (200, "welcome")


def test_in_monitor_mode_nobody_is_refused_and_the_fallen_accounts_are_named(scene: Callable[[str], Scene]) -> None:
    attacked = scene("monitor")
    answers: list[Answer] = []
    for first in (0, 300):
        answers += attacked.attack(first, first + 300)
        attacked.site.pass_seconds(60)
    (cluster,) = attacked.campaign()["clusters"]
    assert cluster["mode"] == "monitor"
    answers += [attacked.bot(member, f"secret {member}") for member in range(350, 356)]
    welcome = [answer for answer in answers if answer.status == 200]
    assert len(welcome) == 8 + 6
    assert {answer.body for answer in answers} == {WRONG, "welcome"}
    attacked.site.pass_seconds(60)
    signal = attacked.campaign()
    fallen = {account["usr.login"] for account in signal["compromised"]}
    assert fallen >= {login_of(member) for member in range(350, 356)}
    assert signal["severity"] == "critical"
    assert not fallen & {login_of(member) for member in range(200, 240)}
    assert attacked.site.operate("blocks") == []

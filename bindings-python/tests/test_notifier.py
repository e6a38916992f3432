"""What is posted to receivers, against a server on the loopback interface that answers as it is told."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import bartizan
import pytest
from bartizan.takeover import Detector, Notifier

from test_fork import Child
from test_takeover import PATIENCE, attack, eventually


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted; answers in turn as ``answers`` says, and then with 200.

    An answer is a status, with headers perhaps; None closes the connection, and an event is waited for first.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Any] = []
        self.posts: list[tuple[str, dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are what is tested."""


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, dict(self.headers), body.decode()))
        answer = self.server.answers.pop(0) if self.server.answers else 200
        if isinstance(answer, threading.Event):
            answer.wait(PATIENCE)
            answer = 200
        if callable(answer):
            answer(self.wfile)
            return
        if answer is None:
            return
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def do_GET(self) -> None:
        self.server.posts.append((self.path, {}, "GET"))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def told(detector: Detector) -> None:
    attack(detector)
    detector.tick()


def test_webhooks_are_signed(receiver: Receiver) -> None:
    detector = Detector(clock="manual", service="auth", env="prod")
    notifications: list[Any] = []
    detector.subscribe(notifications.append)
    with Notifier(detector, "webhook", receiver.url, secret="hush") as notifier:
        told(detector)
        assert eventually(lambda: notifier.statistics["sent"] == 1)
    ((path, headers, body),) = receiver.posts
    assert path == "/hook"
    assert json.loads(body) == notifications[0]
    time_, digits = (part.split("=")[1] for part in headers["X-Bartizan-Signature"].split(","))
    assert digits == hmac.new(b"hush", f"{time_}.{body}".encode(), hashlib.sha256).hexdigest()
    assert headers["Idempotency-Key"] == f"{notifications[0]['signal']['id']}/{notifications[0]['seq']}"
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"].startswith("bartizan/")
    assert notifier.statistics == {"sent": 1, "retried": 0, "failed": 0, "dropped": 0}


@pytest.mark.parametrize(
    ("kind", "more", "keys"),
    [
        ("slack", {}, {"text", "blocks"}),
        ("teams", {}, {"type", "attachments"}),
        ("pagerduty", {"routing_key": "k"}, {"routing_key", "event_action", "dedup_key", "payload"}),
    ],
)
def test_receivers_get_what_they_read(receiver: Receiver, kind: Any, more: Any, keys: set[str]) -> None:
    detector = Detector(clock="manual")
    with Notifier(detector, kind, receiver.url, **more):
        told(detector)
    ((_, _, body),) = receiver.posts
    assert set(json.loads(body)) == keys


@pytest.mark.parametrize(
    ("beginning", "counted"), [(b"", "failed"), (b"HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n", "sent")]
)
def test_an_answer_that_drips_ends_in_time(receiver: Receiver, beginning: bytes, counted: str) -> None:
    over = threading.Event()

    def drip(answer: Any) -> None:
        answer.write(beginning)
        while not over.wait(0.05):
            answer.write(b"H")

    receiver.answers = [drip]
    detector = Detector(clock="manual")
    with Notifier(detector, "slack", receiver.url, timeout=0.3, retries=0) as notifier:
        told(detector)
        assert eventually(lambda: notifier.statistics[counted] == 1)
    over.set()


def test_what_fails_is_tried_again(receiver: Receiver) -> None:
    receiver.answers = [500, (429, {"Retry-After": "0"}), None, (503, {"Retry-After": "soon"}), 200]
    detector = Detector(clock="manual")
    with Notifier(detector, "slack", receiver.url, backoff=0.01) as notifier:
        told(detector)
        assert eventually(lambda: notifier.statistics["sent"] == 1)
    assert notifier.statistics == {"sent": 1, "retried": 4, "failed": 0, "dropped": 0}
    assert len({body for _, _, body in receiver.posts}) == 1


@pytest.mark.parametrize("status", [404, 400, 302])
def test_what_is_refused_is_not_tried_again(receiver: Receiver, status: int, caplog: pytest.LogCaptureFixture) -> None:
    receiver.answers = [(status, {"Location": receiver.url.replace("hook", "elsewhere")})]
    detector = Detector(clock="manual")
    with caplog.at_level(logging.WARNING, "bartizan"), Notifier(detector, "slack", receiver.url) as notifier:
        told(detector)
        assert eventually(lambda: notifier.statistics["failed"] == 1)
    assert [path for path, _, _ in receiver.posts] == ["/hook"]
    assert f"could not be sent to slack: it answered {status}" in caplog.text
    assert "/hook" not in caplog.text


def test_nobody_waits_for_a_receiver_that_hangs(receiver: Receiver) -> None:
    hangs = threading.Event()
    receiver.answers = [hangs] * 2
    detector = Detector(clock="manual")
    with Notifier(detector, "slack", receiver.url, timeout=0.2, retries=1, backoff=0.01) as notifier:
        told(detector)
        assert eventually(lambda: len(receiver.posts) == 1)
        assert attack(detector, "eve")["opened"]
        assert eventually(lambda: notifier.statistics["failed"] == 1)
        assert not hangs.is_set()
    hangs.set()
    assert notifier.statistics["retried"] == 1


def test_a_receiver_that_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    with Receiver() as server:
        url = server.url
    detector = Detector(clock="manual")
    warned = caplog.at_level(logging.WARNING, "bartizan")
    with warned, Notifier(detector, "slack", url, retries=2, backoff=0.01) as notifier:
        told(detector)
        assert eventually(lambda: notifier.statistics["failed"] == 1)
    assert notifier.statistics["retried"] == 2
    assert url not in caplog.text


def test_what_waits_is_sent_at_the_end(receiver: Receiver) -> None:
    detector = Detector(clock="manual")
    notifier = Notifier(detector, "slack", receiver.url, kinds=["opened"])
    for n in range(5):
        attack(detector, f"user{n}")
    notifier.close(PATIENCE)
    assert len(receiver.posts) == notifier.statistics["sent"] == len(detector.signals()) >= 5
    told(detector)
    assert len(receiver.posts) == notifier.statistics["sent"]


def test_the_end_does_not_wait_for_a_receiver_that_hangs(receiver: Receiver) -> None:
    hangs = threading.Event()
    receiver.answers = [hangs]
    detector = Detector(clock="manual")
    notifier = Notifier(detector, "slack", receiver.url, timeout=PATIENCE)
    told(detector)
    assert eventually(lambda: len(receiver.posts) == 1)
    notifier.close(0.1)
    assert not hangs.is_set()
    hangs.set()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("webhook", "http://127.0.0.1/"), "`secret` must be given"),
        (("webhook", "file:///etc/passwd"), "`url` must be a valid http or https URL"),
        (("slack", None), "`url` must be a valid http or https URL"),
        (("slack", "http://[::1"), "`url` must be a valid http or https URL"),
        (("slack", "http://a/\r\nx: y"), "`url` must be a valid http or https URL"),
        (("pagerduty",), "`routing_key` must be given"),
        (("pigeon", "http://127.0.0.1/"), "not `pigeon`"),
    ],
)
def test_what_cannot_be_posted_to_is_told_at_once(arguments: Any, message: str) -> None:
    with pytest.raises(bartizan.ArgumentError, match=message):
        Notifier(Detector(clock="manual"), *arguments)


@pytest.mark.parametrize(
    "numbers", [{"retries": -1}, {"timeout": 0}, {"backoff": float("nan")}, {"longest_backoff": -1}]
)
def test_what_cannot_be_kept_to_is_told_at_once(numbers: Any) -> None:
    with pytest.raises(bartizan.ArgumentError, match=f"`{next(iter(numbers))}` must be at least"):
        Notifier(Detector(clock="manual"), "slack", "http://127.0.0.1/", **numbers)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_children_tell_what_they_found(receiver: Receiver) -> None:
    hangs = threading.Event()
    receiver.answers = [hangs]
    detector = Detector(clock="manual")
    with Notifier(detector, "slack", receiver.url, timeout=PATIENCE) as notifier:
        # The first is on its way, the second waits.
        told(detector)
        assert eventually(lambda: len(receiver.posts) == 1)
        attack(detector, "waiting")
        detector.tick()

        def life() -> Iterator[str]:
            attack(detector, "childs")
            detector.tick()
            assert eventually(lambda: notifier.statistics["sent"] > 0)
            yield str(notifier.statistics["sent"])

        how, (sent,) = Child(life).end()
        assert (how, sent) == ("well", "1")
        hangs.set()
        assert eventually(lambda: notifier.statistics["sent"] == 2)
    # Titles do not name accounts.
    assert len(receiver.posts) == 3

"""Posting notifications to a webhook, Slack, Teams or PagerDuty."""

from __future__ import annotations

import contextlib
import http.client
import logging
import random
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from typing import IO, Any, Literal, final
from urllib.parse import urlsplit

from bartizan._errors import ArgumentError
from bartizan._native import __version__, sdk_call
from bartizan.takeover._detector import Detector, Notification
from bartizan.takeover._helper import Helper

_log = logging.getLogger("bartizan")

_PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
# The pause between two reads of the queue in seconds, and the number of bytes read from a response.
_PAUSE = 0.25
_ANSWER = 4096
_NOTHING: dict[str, Any] = {"kind": "opened", "seq": 0, "at": 0, "title": "", "signal": {}, "delta": {}}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirects: notifications go to the configured receiver only."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        return None


class _Deadline:
    """Ends a connection once its time is up, however slowly the receiver keeps sending."""

    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.is_over = False
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._forget()

    def watch(self, connected: socket.socket) -> None:
        """Watch a connection from now on."""
        with self._lock:
            self._forget()
            # The connection's own object may close, or be taken over by TLS.
            self._socket = connected.dup()
            if self.is_over:
                self._shut()

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _forget(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Post(urllib.request.Request):
    """A post with its deadline."""

    def __init__(self, url: str, data: bytes, headers: dict[str, str], deadline: _Deadline) -> None:
        super().__init__(url, data=data, headers=headers, method="POST")
        self.deadline = deadline


class _Connection(http.client.HTTPConnection):
    """A connection that the deadline of its post watches, also during the handshake of TLS."""

    deadline: _Deadline | None = None

    def connect(self) -> None:
        super().connect()
        if self.deadline is not None:
            self.deadline.watch(self.sock)


class _SecureConnection(http.client.HTTPSConnection, _Connection):
    """The same with TLS."""


def _watched(kind: type[_Connection], request: urllib.request.Request) -> Callable[..., _Connection]:
    def connect(*args: Any, **options: Any) -> _Connection:
        connection = kind(*args, **options)
        connection.deadline = getattr(request, "deadline", None)
        return connection

    return connect


class _Handler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_watched(_Connection, req), req)


class _SecureHandler(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_watched(_SecureConnection, req), req, context=ssl.create_default_context())


class _Refused(Exception):  # noqa: N818 - says what it is
    """The receiver rejected the notification for good."""


class _NotNow(Exception):  # noqa: N818 - says what it is
    """Sending failed but may succeed later; ``after`` is the pause in seconds that the receiver asked for."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


@final
class Notifier:
    """Posts the notifications of a detector to one receiver, from a background thread, until `close`.

    ``receiver`` is ``"webhook"`` (with a ``secret``, which signs the header ``X-Bartizan-Signature``), ``"slack"``,
    ``"teams"``, or ``"pagerduty"`` (with its ``routing_key``; it needs no ``url``). ``min_severity``, ``categories``,
    ``services`` and ``kinds`` filter as in `Detector.subscribe`. An invalid argument raises ``ArgumentError``.

    Detection never waits for the receiver: up to 1,024 notifications are queued, and when the queue is full, updates of
    signals are dropped first. A post may take ``timeout`` seconds in all once the receiver's name is resolved. Failures
    are retried ``retries`` times. The first pause is ``backoff`` seconds and doubles each time, up to
    ``longest_backoff``; up to half of each pause is randomly subtracted. A longer pause that the receiver asks for
    (``Retry-After``) is respected up to ``longest_backoff``. Permanent rejections are logged and counted. A
    notification may arrive twice, with the same ``Idempotency-Key``. Redirects are not followed.

    Forked children send their own notifications.
    """

    def __init__(
        self,
        detector: Detector,
        receiver: Literal["webhook", "slack", "teams", "pagerduty"],
        url: str | None = None,
        *,
        secret: str | bytes | None = None,
        routing_key: str | None = None,
        min_severity: str | None = None,
        categories: Iterable[str] = (),
        services: Iterable[str] = (),
        kinds: Iterable[str] = (),
        timeout: float = 5.0,
        retries: int = 5,
        backoff: float = 1.0,
        longest_backoff: float = 60.0,
    ) -> None:
        self._how = {"receiver": receiver, "secret": secret, "routing_key": routing_key}
        self._url = _checked(url or (_PAGERDUTY if receiver == "pagerduty" else ""))
        self._timeout = _number("timeout", timeout, least=0.001)
        self._retries = int(_number("retries", retries))
        self._backoff = _number("backoff", backoff)
        self._longest_backoff = _number("longest_backoff", longest_backoff)
        self._opener = urllib.request.build_opener(_NoRedirect, _Handler, _SecureHandler)
        self._message(_NOTHING)
        self._detector = detector
        self._inbox = detector._inbox(min_severity, categories, services, kinds)
        self._sent = self._retried = self._failed = 0
        self._closed_at = float("inf")
        self._helper = Helper("bartizan-notifier", self._run, self._enter_child)

    @property
    def statistics(self) -> dict[str, int]:
        """The numbers of notifications ``sent``, ``failed`` for good, and ``dropped`` from a full queue.

        ``retried`` is the number of retries.
        """
        counts = {"sent": self._sent, "retried": self._retried, "failed": self._failed}
        return {**counts, "dropped": self._inbox.dropped}

    def close(self, timeout: float = 5.0) -> None:
        """Send what is queued, without pauses between retries and for at most ``timeout`` seconds, and stop."""
        self._detector.tick()
        self._detector.unsubscribe(self._inbox.subscription)
        self._closed_at = time.monotonic() + timeout
        self._helper.end(timeout)

    def __enter__(self) -> Notifier:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enter_child(self) -> None:
        """Leave queued notifications to the parent."""
        self._inbox.clear()
        self._sent = self._retried = self._failed = 0

    def _run(self, stop: threading.Event) -> None:
        while time.monotonic() < self._closed_at:
            notification = self._inbox.take()
            if notification is not None:
                self._deliver(notification, stop)
            elif stop.wait(_PAUSE):
                # Notifications may have arrived between the last read and the end.
                while time.monotonic() < self._closed_at and (notification := self._inbox.take()) is not None:
                    self._deliver(notification, stop)
                return

    def _deliver(self, notification: Notification, stop: threading.Event) -> None:
        for attempt in range(self._retries + 1):
            try:
                self._post(notification)
                return
            except _Refused as refused:
                return self._give_up(refused)
            except _NotNow as not_now:
                if attempt == self._retries or stop.is_set():
                    return self._give_up(not_now)
                self._retried += 1
                stop.wait(self._pause(attempt, not_now.after))
            except Exception as error:
                return self._give_up(error)

    def _pause(self, attempt: int, asked_for: float) -> float:
        pause = min(self._backoff * 2.0 ** min(attempt, 64), self._longest_backoff)
        # Processes that failed at the same time must not all retry at the same time.
        return max(pause * random.uniform(0.5, 1.0), min(asked_for, self._longest_backoff))

    def _give_up(self, reason: Exception) -> None:
        self._failed += 1
        _log.warning("a notification of account takeover could not be sent to %s: %s", self._how["receiver"], reason)

    def _message(self, notification: Notification) -> dict[str, Any]:
        arguments = {**self._how, "notification": notification, "now_s": int(time.time())}
        return sdk_call("notification_message", arguments)

    def _post(self, notification: Notification) -> None:
        message = self._message(notification)
        if not message:
            return  # This receiver has no message for this kind of notification.
        headers = {**message["headers"], "User-Agent": f"bartizan/{__version__}"}
        body: bytes = message["body"].encode("utf-8", "surrogateescape")
        with _Deadline(self._timeout) as deadline:
            self._send(_Post(self._url, body, headers, deadline))
        self._sent += 1

    def _send(self, post: _Post) -> None:
        try:
            with self._opener.open(post, timeout=self._timeout) as answer:
                answer.read(_ANSWER)
        except urllib.error.HTTPError as answer:
            with answer:
                reason = f"it answered {answer.code}"
                if answer.code in (408, 425, 429) or answer.code >= 500:
                    raise _NotNow(reason, _seconds(answer.headers.get("Retry-After"))) from None
                raise _Refused(reason) from None
        except (OSError, http.client.HTTPException) as error:
            reason = "it took too long to answer" if post.deadline.is_over else str(error) or type(error).__name__
            raise _NotNow(reason) from None


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(character <= " " or character > "~" for character in url):
        raise ArgumentError("the argument `url` must be a valid http or https URL")
    return url


def _number(name: str, number: float, least: float = 0.0) -> float:
    if not number >= least:
        raise ArgumentError(f"the argument `{name}` must be at least {least:g}")
    return number


def _seconds(text: str | None) -> float:
    """Read a `Retry-After` in seconds; a date is ignored, and the usual pause applies."""
    return float(text) if text is not None and text.isdecimal() else 0.0

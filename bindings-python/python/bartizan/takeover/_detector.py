"""The detector, which applications and operators use."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, final

from bartizan._native import Diagnostics, NativeDetector, NativeInbox
from bartizan.takeover._helper import tick_by_itself

_log = logging.getLogger("bartizan")

Notification = dict[str, Any]


@final
class Detector:
    """A detector of account takeover. Thread-safe.

    ``config`` is a document with the key ``bartizan_ato``; ``diagnostics`` says which parts are in use. With the clock
    ``"manual"``, for tests and replays, time stands still at ``start_ms`` until it is advanced, events bring their
    times, and the same events give the same signals. ``service`` and ``env`` are those of events that do not name them.
    An unknown clock raises ``TypeError``.

    With the clock ``"system"``, a background thread of the process ticks once a second, also in forked children.
    """

    diagnostics: Diagnostics | None = None
    """The diagnostics of ``config``, or of an engine's setting ``takeover``; None without a document."""

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        clock: Literal["system", "manual"] = "system",
        *,
        start_ms: int = 0,
        service: str = "",
        env: str = "",
    ) -> None:
        self._begin(NativeDetector(_settings(clock, start_ms, service, env)), config, clock)

    @classmethod
    def restore(
        cls,
        snapshot: bytes,
        config: Mapping[str, Any] | None = None,
        clock: Literal["system", "manual"] = "system",
        *,
        start_ms: int = 0,
        service: str = "",
        env: str = "",
    ) -> Detector:
        """Return a detector that continues where another one stopped, from its `snapshot`.

        The configuration is no part of a snapshot. Raises ``ArgumentError`` with the reason if the snapshot cannot be
        read; the process then goes on with a new detector.
        """
        detector = cls.__new__(cls)
        detector._begin(NativeDetector.restore(_settings(clock, start_ms, service, env), snapshot), config, clock)
        return detector

    @classmethod
    def _of(cls, native: NativeDetector, diagnostics: Diagnostics | None) -> Detector:
        detector = cls.__new__(cls)
        detector._begin(native, None, "system")
        detector.diagnostics = diagnostics
        return detector

    def _begin(self, native: NativeDetector, config: Mapping[str, Any] | None, clock: str) -> None:
        self._native = native
        if config is not None:
            self.diagnostics = self.apply("config", config)
        if clock == "system":
            tick_by_itself(self)

    # Events.

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Take an event in: ``event``, ``usr.login``, ``usr.id``, ``usr.exists``, ``ip``, ``http.user_agent``, ...

        Returns the verdict: ``signals`` (ids of those it touched), ``opened`` and ``escalated``. Never raises for
        what is in an event: a bad one is counted in `health`, and ``dropped`` in its verdict says why it was not
        taken.
        """
        return self._native.judge("event", event)

    def assess(self, attempt: Mapping[str, Any]) -> dict[str, Any]:
        """Ask before the password is checked whether an attempt may go on; it has the names of an event.

        Returns ``decision`` (``allow``, ``stealth``: answer as if the password were wrong, or ``block``), ``score``
        (0 to 100) and ``reasons``. Never raises for what is in an attempt; a bad one is allowed, and has ``dropped``.
        """
        return self._native.judge("assess", attempt)

    # Time.

    @property
    def time_ms(self) -> int:
        """The time of the detector, in milliseconds since the epoch."""
        return int(self._call("time")["time_ms"])

    def tick(self) -> None:
        """Do what is due, and deliver notifications."""
        self._call("tick")

    def advance(self, to_ms: int) -> None:
        """Move a manual clock, and do all that becomes due on the way. Raises ``ArgumentError`` for any other clock."""
        self._call("advance", to_ms=to_ms)

    # Configuration.

    def apply(self, path: str, document: Mapping[str, Any]) -> Diagnostics:
        """Put a document with the key ``bartizan_ato`` under a path, in place of the former one there.

        What it says acts from the next event on. What is wrong with it is in the diagnostics, and the rest of it is in
        use; a document that cannot be used at all leaves the former one.
        """
        return self._native.apply(path, document)

    def remove(self, path: str) -> bool:
        """Take the document of a path away; say whether there was one."""
        return bool(self._call("remove", path=path)["removed"])

    # Signals.

    def signals(
        self,
        *,
        state: str | None = None,
        min_severity: str | None = None,
        service: str | None = None,
        rule: str | None = None,
        skip: int = 0,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Return the signals that are asked for, newest first."""
        found: list[dict[str, Any]] = self._call(
            "signals", state=state, min_severity=min_severity, service=service, rule=rule, skip=skip, limit=limit
        )["signals"]
        return found

    def signal(self, id: str) -> dict[str, Any] | None:  # noqa: A002
        """Return a signal, None if there is none of this id."""
        found: dict[str, Any] | None = self._call("signal", id=id)["signal"]
        return found

    def resolve(self, id: str, how: Literal["closed", "false_positive", "confirmed"]) -> bool:  # noqa: A002
        """Say what a signal was; false if there is none of this id.

        The blocks of a false positive end, and the same is not answered for a day.
        """
        return bool(self._call("resolve", id=id, how=how)["found"])

    def export(
        self,
        id: str,  # noqa: A002
        file: Literal["targeted_users.csv", "ips.csv", "compromised.csv", "events.csv", "events.ndjson"],
    ) -> Iterator[bytes] | None:
        """Return a file about a signal, as pieces of bytes; None if there is no signal of this id."""
        return self._native.export(id, file)

    # Blocks.

    def block(self, whom: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse somebody, and return the block.

        ``ip``, ``cidr``, ``user`` or ``session``; ``seconds`` (60 to 604,800; the configured duration unless given) or
        ``permanent``; ``mode``: ``block`` or ``stealth``; ``reason``; ``signal``.
        """
        block: dict[str, Any] = self._native.call("block", whom)["block"]
        return block

    def unblock(self, whom: Mapping[str, Any]) -> int:
        """End blocks, and return how many.

        Of an ``ip``, ``cidr``, ``user`` or ``session``, those of a ``signal``, ``rule`` or ``kind``, or ``all``.
        """
        return int(self._native.call("unblock", whom)["count"])

    def extend(self, whom: Mapping[str, Any], seconds: float | None = None) -> int:
        """Give blocks another end, ``seconds`` from now, or none; chosen as by `unblock`. How many."""
        return int(self._native.call("extend", {**whom, "seconds": seconds})["count"])

    def blocks(self, *, skip: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """Return the blocks that hold, newest first."""
        blocks: list[dict[str, Any]] = self._call("blocks", skip=skip, limit=limit)["blocks"]
        return blocks

    def audit(self) -> list[dict[str, Any]]:
        """Return the latest changes of blocks, oldest first: ``at`` (epoch seconds), ``what`` and ``whom``."""
        changes: list[dict[str, Any]] = self._call("audit")["audit"]
        return changes

    def export_rules_data(self, max_chunk: int | None = None) -> dict[str, Any]:
        """Return what changed of the blocks since the last call, as documents by path for engines without live lists.

        None stands for a document that is to be removed.
        """
        documents: dict[str, Any] = self._call("export_rules_data", max_chunk=max_chunk)["documents"]
        return documents

    # The detector itself.

    def health(self) -> dict[str, Any]:
        """Return counters, and findings about the events."""
        return self._call("health")

    def forget(self, whom: Mapping[str, Any]) -> None:
        """Forget a ``user`` (by login) or an ``ip`` (or network): counts, memories, lists of signals, blocks."""
        self._native.call("forget", whom)

    def snapshot(self) -> bytes:
        """Return the state to keep across a restart. It holds the key of all hashes, so it is a secret."""
        return self._native.snapshot()

    # Notifications.

    def subscribe(
        self,
        callback: Callable[[Notification], object],
        *,
        min_severity: str | None = None,
        categories: Iterable[str] = (),
        services: Iterable[str] = (),
        kinds: Iterable[str] = (),
    ) -> int:
        """Call back with each notification: ``kind``, ``seq``, ``at``, ``title``, ``signal`` and ``delta``.

        Callbacks run in `tick` (also of the helper thread), in `advance`, and when a request of the engine ends,
        while no lock is held. They should be quick; what they raise is logged. Returns the number for `unsubscribe`.
        """

        def hand_over(notification: Notification) -> None:
            try:
                callback(notification)
            except Exception:
                _log.exception("a subscriber of account takeover failed")

        return self._native.subscribe(_wanted(min_severity, categories, services, kinds), hand_over)

    def unsubscribe(self, subscription: int) -> bool:
        """Stop calling back; false if the number is not in use."""
        return bool(self._call("unsubscribe", subscription=subscription)["found"])

    def _inbox(
        self, min_severity: str | None, categories: Iterable[str], services: Iterable[str], kinds: Iterable[str]
    ) -> NativeInbox:
        return self._native.inbox(_wanted(min_severity, categories, services, kinds))

    def _call(self, function: str, **arguments: Any) -> dict[str, Any]:
        return self._native.call(function, arguments)


def _settings(clock: str, start_ms: int, service: str, env: str) -> dict[str, Any]:
    return {"clock": clock, "start_ms": start_ms, "service": service, "env": env}


def _wanted(
    min_severity: str | None, categories: Iterable[str], services: Iterable[str], kinds: Iterable[str]
) -> dict[str, Any]:
    lists = {"categories": list(categories), "services": list(services), "kinds": list(kinds)}
    return {"min_severity": min_severity, **lists}

"""The detector of account takeover."""

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
    """A detector of account takeover, for applications and operators. Thread-safe.

    ``config`` is a document with the key ``bartizan_ato``; ``diagnostics`` says which parts are in use. With the clock
    ``"manual"``, for tests and replays, time stands still at ``start_ms`` until it is advanced, the times of events are
    used, and the same events produce the same signals. ``service`` and ``env`` are those of events that do not name
    them. An unknown clock raises ``TypeError``.

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
        """Return a detector that continues from the `snapshot` of another one.

        The configuration is not part of a snapshot; signals of rules that ``config`` does not have are lost. Raises
        ``ArgumentError`` with the reason if the snapshot cannot be read; the process should then continue with a new
        detector.
        """
        detector = cls.__new__(cls)
        # The snapshot needs the rules of the configuration, which is applied again for its diagnostics.
        settings = {**_settings(clock, start_ms, service, env), "config": config}
        detector._begin(NativeDetector.restore(settings, snapshot), config, clock)
        return detector

    @classmethod
    def _of(cls, native: NativeDetector, diagnostics: Diagnostics | None, clock: str) -> Detector:
        detector = cls.__new__(cls)
        detector._begin(native, None, clock)
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
        """Process an event: ``event``, ``usr.login``, ``usr.id``, ``usr.exists``, ``ip``, ``http.user_agent``, ...

        Returns the verdict: ``signals`` (the ids of those it affected), ``opened`` and ``escalated``. The contents of
        an event never raise: an invalid one is counted in `health`, and ``dropped`` in its verdict has the reason.
        """
        return self._native.judge("event", event)

    def assess(self, attempt: Mapping[str, Any]) -> dict[str, Any]:
        """Assess a login attempt before the password is checked; it has the fields of an event.

        Returns ``decision`` (``allow``; ``step_up``: ask for a further step, such as a second factor, before the
        password is checked; ``stealth``: answer as if the password were wrong; or ``block``), ``score`` (0 to 100) and
        ``reasons``. The contents of an attempt never raise: an invalid one is allowed, and ``dropped``
        has the reason.
        """
        return self._native.judge("assess", attempt)

    # Time.

    @property
    def time_ms(self) -> int:
        """The time of the detector, in milliseconds since the Unix epoch."""
        return int(self._call("time")["time_ms"])

    def tick(self) -> None:
        """Do pending work, and deliver notifications."""
        self._call("tick")

    def advance(self, to_ms: int) -> None:
        """Advance a manual clock, and do the work that becomes due. Raises ``ArgumentError`` for any other clock."""
        self._call("advance", to_ms=to_ms)

    # Configuration.

    def apply(self, path: str, document: Mapping[str, Any]) -> Diagnostics:
        """Set or replace the document of a path, with the key ``bartizan_ato``.

        It takes effect from the next event on. The diagnostics list what is invalid; the rest is in use. A document
        that is invalid as a whole leaves the former one in use.
        """
        return self._native.apply(path, document)

    def remove(self, path: str) -> bool:
        """Remove the document of a path; return whether there was one."""
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
        """Return the signals that match, newest first."""
        found: list[dict[str, Any]] = self._call(
            "signals", state=state, min_severity=min_severity, service=service, rule=rule, skip=skip, limit=limit
        )["signals"]
        return found

    def signal(self, id: str) -> dict[str, Any] | None:  # noqa: A002
        """Return a signal, or None if there is none with this id."""
        found: dict[str, Any] | None = self._call("signal", id=id)["signal"]
        return found

    def resolve(self, id: str, how: Literal["closed", "false_positive", "confirmed"]) -> bool:  # noqa: A002
        """Resolve a signal; return whether there is one with this id.

        The blocks of a false positive end, and responses to its group are suspended for a day.
        """
        return bool(self._call("resolve", id=id, how=how)["found"])

    def export(
        self,
        id: str,  # noqa: A002
        file: Literal[
            "targeted_users.csv",
            "ips.csv",
            "compromised.csv",
            "events.csv",
            "events.ndjson",
            "clusters.json",
            "rules.json",
            "source_hint.json",
        ],
    ) -> Iterator[bytes] | None:
        """Export a file about a signal, in pieces; return None if there is no signal with this id.

        ``rules.json`` is a configuration that stands alone; ``source_hint.json`` compares the attacked accounts with
        those that usually log in, which tells where the attacker's list comes from.
        """
        return self._native.export(id, file)

    def define_cluster(self, signal: str, cluster: str, items: Mapping[str, Any]) -> dict[str, Any]:
        """Define a cluster of the distributed attack that a signal is about, and return it.

        ``items`` is a map from dimensions to a value or a list of values, as the clusters of signals have them. Its
        metrics are known within a minute.
        """
        defined: dict[str, Any] = self._call("define_cluster", signal=signal, cluster=cluster, items=items)["cluster"]
        return defined

    def explore(self, signal: str, cluster: str | Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return how many logins had the traits of a cluster (its id, or items), by hour, before and during the attack.

        Each hour has ``at``, ``during``, ``logins`` and ``matches``, which is estimated from samples.
        """
        hours: list[dict[str, Any]] = self._call("explore", signal=signal, cluster=cluster)["hours"]
        return hours

    def isolate(self, signal: str) -> dict[str, Any]:
        """Test whether the clusters of a distributed attack explain it, and nothing else.

        ``residual`` is the failures that no cluster matches relative to the expected number, about 1 if they explain
        the attack; ``present_before`` has the matches of each before the attack relative to those during it.
        """
        return self._call("isolate", signal=signal)

    # Blocks.

    def block(self, whom: Mapping[str, Any]) -> dict[str, Any]:
        """Block an address, a network, a user or a session, and return the block.

        ``ip``, ``cidr``, ``user`` or ``session``; ``seconds`` (60 to 604,800; the configured duration unless given) or
        ``permanent``; ``mode``: ``block`` or ``stealth``; ``reason``; ``signal``.
        """
        block: dict[str, Any] = self._native.call("block", whom)["block"]
        return block

    def unblock(self, whom: Mapping[str, Any]) -> int:
        """Remove blocks, and return their number.

        They are selected by ``ip``, ``cidr``, ``user``, ``session``, ``signal``, ``rule`` or ``kind``, or are ``all``.
        """
        return int(self._native.call("unblock", whom)["count"])

    def extend(self, whom: Mapping[str, Any], seconds: float | None = None) -> int:
        """Change the end of blocks, selected as in `unblock`, and return their number.

        They end ``seconds`` from now, with the limits and the default of `block`, or never if ``whom`` has
        ``permanent``.
        """
        return int(self._native.call("extend", {**whom, "seconds": seconds})["count"])

    def blocks(self, *, skip: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """Return the blocks in force, newest first."""
        blocks: list[dict[str, Any]] = self._call("blocks", skip=skip, limit=limit)["blocks"]
        return blocks

    def audit(self) -> list[dict[str, Any]]:
        """Return the latest changes of blocks, oldest first: ``at`` (Unix seconds), ``what`` and ``whom``."""
        changes: list[dict[str, Any]] = self._call("audit")["audit"]
        return changes

    def export_rules_data(self, max_chunk: int | None = None) -> dict[str, Any]:
        """Return the changes of blocks since the last call, as documents by path for engines without live sets.

        None stands for a document that is to be removed.
        """
        documents: dict[str, Any] = self._call("export_rules_data", max_chunk=max_chunk)["documents"]
        return documents

    # The detector itself.

    def health(self) -> dict[str, Any]:
        """Return counters, and findings about the events."""
        return self._call("health")

    def forget(self, whom: Mapping[str, Any]) -> None:
        """Forget a ``user`` (by login) or ``ip`` (or network): counts, familiar origins, lists in signals, blocks."""
        self._native.call("forget", whom)

    def snapshot(self) -> bytes:
        """Return the state to keep across a restart. It contains the key of all hashes, so it is a secret."""
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
        """Call a function with each notification: ``kind``, ``seq``, ``at``, ``title``, ``signal`` and ``delta``.

        Callbacks run in `tick` (including that of the helper thread), in `advance`, and when a request of the engine
        ends, without holding a lock. They should be quick; exceptions are logged. Returns the number for `unsubscribe`.
        """

        def hand_over(notification: Notification) -> None:
            try:
                callback(notification)
            except Exception:
                _log.exception("a subscriber of account takeover failed")

        return self._native.subscribe(_wanted(min_severity, categories, services, kinds), hand_over)

    def unsubscribe(self, subscription: int) -> bool:
        """Remove a subscriber; return whether the number was in use."""
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

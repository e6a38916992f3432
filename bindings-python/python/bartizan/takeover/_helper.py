"""Background threads that also run in forked children, where `fork` leaves only the thread that called it."""

from __future__ import annotations

import itertools
import logging
import os
import threading
import weakref
from collections.abc import Callable
from typing import Protocol

_log = logging.getLogger("bartizan")

_SECOND = 1.0


class Helper:
    """A thread that runs a function until `end`, and that is started again in each forked child."""

    def __init__(
        self, name: str, run: Callable[[threading.Event], None], in_child: Callable[[], None] | None = None
    ) -> None:
        self._name = name
        self._run = run
        self._in_child = in_child
        _helpers.append(self)
        self.start()

    def start(self) -> None:
        """Start the thread in this process, with a new event, because the thread of the parent may hold the old one."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._stop,), name=self._name, daemon=True)
        self._thread.start()

    def enter_child(self) -> None:
        """Start the thread in a forked child, before anything else happens there."""
        if self._in_child is not None:
            self._in_child()
        self.start()

    def end(self, timeout: float) -> None:
        """Ask the thread to return, and wait for it up to ``timeout`` seconds."""
        if self in _helpers:
            _helpers.remove(self)
        self._stop.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)


# Only changed by atomic operations, so that a forked child finds a valid list.
_helpers: list[Helper] = []


def _enter_child() -> None:
    for helper in list(_helpers):
        helper.enter_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_enter_child)


class Ticking(Protocol):
    """The part of a detector that the ticker uses."""

    def tick(self) -> None:
        """Do pending work."""


class _Ticker:
    """Ticks the detectors with a system clock, since there may be neither events nor requests that do."""

    def __init__(self) -> None:
        self._detectors: list[weakref.ref[Ticking]] = []
        self._added = itertools.count()

    def add(self, detector: Ticking) -> None:
        self._detectors.append(weakref.ref(detector, self._detectors.remove))
        if next(self._added) == 0:
            Helper("bartizan-takeover", self._run)

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(_SECOND):
            for reference in list(self._detectors):
                self._tick(reference())

    @staticmethod
    def _tick(detector: Ticking | None) -> None:
        try:
            if detector is not None:
                detector.tick()
        except Exception:
            _log.exception("what was due in a detector of account takeover failed")


tick_by_itself = _Ticker().add

"""What `bartizan.protect_calls` adds to dangerous calls: outside of requests, in one, and where nothing is judged."""

from __future__ import annotations

import itertools
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import bartizan
from bartizan.engine import Engine

ROUNDS, CALLS = 31, 300


def main() -> None:
    """Print a table of medians, from runs that alternate."""
    bartizan.protect_calls(False)
    here, bare = str(Path(__file__)), sqlite3.connect(":memory:")
    bartizan.protect_calls(True)
    wrapped = sqlite3.connect(":memory:")

    def read(_: sqlite3.Connection) -> None:
        with open(here, "rb"):
            pass

    def query(connection: sqlite3.Connection) -> None:
        # A new text each time, as one that was just judged is not judged again.
        connection.execute(f"select name from sqlite_master where rowid = {next(numbers)}").fetchall()

    def compiled(_: sqlite3.Connection) -> None:
        compile("1", "audited but of no interest", "eval")

    engine, numbers = Engine(), itertools.count()
    print(f"{'microseconds per call':<24}{'off':>10}{'outside':>10}{'in a request':>14}")
    for name, call in {"open a file": read, "SQL statement": query, "other audit event": compiled}.items():
        times: dict[str, list[float]] = {"off": [], "outside": [], "inside": []}
        for _ in range(ROUNDS):
            bartizan.protect_calls(False)
            times["off"].append(timed(call, bare))
            bartizan.protect_calls(True)
            times["outside"].append(timed(call, wrapped))
            request = engine.request()
            request.head(b"GET", b"/search?q=shoes&page=2", [(b"host", b"example.org")], "192.0.2.1")
            with request:
                times["inside"].append(timed(call, wrapped))
            request.finish()
        off, outside, inside = (statistics.median(column) for column in times.values())
        print(f"{name:<24}{off:>10.2f}{outside:>10.2f}{inside:>14.2f}")


def timed(call: Callable[[sqlite3.Connection], None], connection: sqlite3.Connection) -> float:
    """Return the microseconds that a call takes."""
    begin = time.perf_counter()
    for _ in range(CALLS):
        call(connection)
    return (time.perf_counter() - begin) / CALLS * 1e6


if __name__ == "__main__":
    main()

"""This package beside ddtrace: both in one process, alternating on the same requests, from dict to result.

`./bench` installs what this needs and runs it:

    ./bench [--rules RULES.json] [--only NAME] [--seconds S]

A measurement is what a tracer pays for a request: a context, one run, the result as plain objects where anything was
found, and their end. Both cut strings at 4,096 bytes, containers at 256 entries and depth at 20. Calls are timed one by
one, in turns of a few, so that a machine whose speed drifts treats both alike.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Any

os.environ |= {"DD_TRACE_ENABLED": "false", "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false"}
logging.disable(logging.WARNING)

import bartizan  # noqa: E402
from ddtrace.appsec._ddwaf.waf import DDWaf  # noqa: E402

ROOT = Path(__file__).parents[2]
BUDGET_SECONDS = 10.0
TURN_SECONDS = 0.002


def main() -> None:
    options = argparse.ArgumentParser(description="bartizan beside ddtrace")
    options.add_argument("--rules", type=Path, help="a ruleset; the built-in one unless given")
    options.add_argument("--only", default="", help="only requests with this in their name")
    options.add_argument("--seconds", type=float, default=2.0, help="time for each kind of request")
    arguments = options.parse_args()
    rules = json.loads(arguments.rules.read_bytes()) if arguments.rules else builtin_rules()
    sides = [theirs(rules), ours(rules)]

    print(f"{'us a request':<26}{'ddtrace':>11}{'p99':>11}{'bartizan':>11}{'p99':>11}{'ratio':>8}")
    ratios = []
    for line in (ROOT / "tests/data/benchmark.jsonl").read_text().splitlines():
        kind = json.loads(line)
        if arguments.only not in kind["name"]:
            continue
        print(f"\r{kind['name']:<26}", end="", file=sys.stderr, flush=True)
        samples = compare(sides, kind["request"], arguments.seconds)
        figures = [figure for times in samples for figure in (median(times), percentile(times, 0.99))]
        ratios.append(figures[0] / figures[2])
        print("\r", end="", file=sys.stderr, flush=True)
        print(f"{kind['name']:<26}" + "".join(f"{figure:>11.2f}" for figure in figures) + f"{ratios[-1]:>7.1f}x")
    if ratios:
        print(f"{'geometric mean':<26}{exp(sum(map(log, ratios)) / len(ratios)):>51.1f}x")


def builtin_rules() -> dict[str, Any]:
    """The built-in rules as one document, which ddtrace accepts, too."""
    merged: dict[str, Any] = {"version": "2.2", "metadata": {"rules_version": "builtin"}}
    for file in sorted((ROOT / "core/rules").glob("*.json")):
        for section, elements in json.loads(file.read_bytes()).items():
            if isinstance(elements, list):
                merged.setdefault(section, []).extend(elements)
    return merged


def theirs(rules: dict[str, Any]) -> Callable[[dict[str, Any]], object]:
    waf = DDWaf(json.dumps(rules).encode(), b"", b"")

    def call(request: dict[str, Any]) -> object:
        return waf.run(waf._at_request_start(), request, BUDGET_SECONDS * 1000)

    return call


def ours(rules: dict[str, Any]) -> Callable[[dict[str, Any]], object]:
    waf = bartizan.Waf(rules, timeout=BUDGET_SECONDS)

    def call(request: dict[str, Any]) -> object:
        result = waf.context().run(request)
        return result.to_dict() if result.matched else result

    return call


def compare(
    sides: list[Callable[[dict[str, Any]], object]], request: dict[str, Any], seconds: float
) -> list[list[float]]:
    """Microseconds of every call of each side."""
    samples: list[list[float]] = [[] for _ in sides]
    turns = [max(1, round(TURN_SECONDS / max(median(timed(side, request, 3)), 1) * 1e6)) for side in sides]
    gc.collect()
    gc.disable()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(samples[0]) < 20:
        for side, turn, times in zip(sides, turns, samples, strict=True):
            times.extend(timed(side, request, turn))
    gc.enable()
    return samples


def timed(side: Callable[[dict[str, Any]], object], request: dict[str, Any], calls: int) -> list[float]:
    clock = time.perf_counter_ns
    times = []
    for _ in range(calls):
        start = clock()
        side(request)
        times.append((clock() - start) / 1000)
    return times


def percentile(times: list[float], part: float) -> float:
    return sorted(times)[round((len(times) - 1) * part)]


if __name__ == "__main__":
    main()

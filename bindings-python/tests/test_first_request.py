"""The first request of a process finds plain attacks, even on a busy machine."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

FOLDER = Path(__file__).parents[2] / "core" / "rules" / "cases"
BUSY_LOOPS = 2
# After this many seconds, something hangs.
PATIENCE = 600


def cases() -> Iterator[dict[str, Any]]:
    """Every case a rule must match without further configuration."""
    for file in sorted(FOLDER.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            case = json.loads(line)
            if case["match"] and "config" not in case:
                yield case


def loop() -> None:
    while True:
        pass


@pytest.fixture(params=[0, BUSY_LOOPS], ids=["idle", "busy"])
def busy(request: pytest.FixtureRequest) -> Iterator[int]:
    loops = [multiprocessing.get_context("spawn").Process(target=loop, daemon=True) for _ in range(request.param)]
    for process in loops:
        process.start()
    yield request.param
    for process in loops:
        process.kill()
        process.join()


@pytest.mark.parametrize("kind", ["fresh", "forked"])
def test_the_first_request_is_protected(kind: str, busy: int) -> None:
    lines = "\n".join(map(json.dumps, cases()))
    program = [sys.executable, str(Path(__file__).with_name("first_request.py")), kind]
    run = subprocess.run(program, input=lines, capture_output=True, text=True, timeout=PATIENCE, check=True)
    answers = json.loads(run.stdout)
    assert answers["missed"] == []
    # On an idle machine, everything is inspected.
    assert busy or answers["incomplete"] == []

"""What honest people send is answered, in the mode `block`, with the built-in rules; see ../scenario.md."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import running
from test_scenario import bytes_of, send

LINES = [json.loads(line) for line in (Path(__file__).parents[1] / "honest.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running("flask-threads", bare=False) as (port, _):
        yield port


@pytest.mark.parametrize("line", LINES, ids=[line["name"] for line in LINES])
def test_honest_requests_are_answered(port: int, line: dict[str, Any]) -> None:
    answer = send(port, bytes_of(line, {}))
    if "blocked_by" in line and answer.status == 403:
        return
    assert answer.status == line["status"], answer.data[:300]
    if "blocked_by" in line:
        warnings.warn(f"{line['blocked_by']} blocks {line['name']} no more: remove the exception", stacklevel=1)

"""Every table of recorded answers, replayed through the package."""

from __future__ import annotations

import pytest

import vectors

# `remote.jsonl` is for hosts that speak the protocol of remote configuration, which this package does not.
TABLES = sorted(path.stem for path in vectors.TABLES.glob("*.jsonl") if path.stem in vectors.KINDS)


@pytest.mark.parametrize("table", TABLES)
def test_table(table: str) -> None:
    wrong, count = [], 0
    for number, line in enumerate(vectors.lines(f"{table}.jsonl"), 1):
        count += 1
        try:
            vectors.KINDS[table](line)
        except vectors.InexpressibleError:
            count -= 1
        except Exception as error:
            wrong.append(f"{table}.jsonl:{number}: {line!r:.300}: {error!r:.1000}")
    assert not wrong, f"{len(wrong)} of {count} lines disagree:\n" + "\n".join(wrong[:5])
    assert count > 0

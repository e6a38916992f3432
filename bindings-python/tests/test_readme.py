"""The programs of the README run as they are written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = re.findall(r"```python\n(.*?)```", (Path(__file__).parents[1] / "README.md").read_text(), re.DOTALL)


PRINT = [
    "' OR 1=1 --",
    "blocked: address 203.0.113.7\n403 {'address': 1}",
    "low Enumeration of accounts through the login",
]


@pytest.mark.parametrize(("program", "prints"), list(zip(PROGRAMS, PRINT, strict=True)))
def test_programs(program: str, prints: str) -> None:
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert prints in run.stdout

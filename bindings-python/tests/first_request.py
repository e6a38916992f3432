"""Checks for each case whether the first request of a process finds it. ``test_first_request.py`` runs it alone.

A process here is forked off before the package is imported, or, for ``forked``, after an instance of it was built, as
workers of a preloaded application are. Prints the cases that were missed, in JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any


def answer(case: dict[str, Any], make: Callable[[], Any]) -> int:
    """The result of a first evaluation with the default budget: 0 found, 1 missed, 2 incomplete."""
    result = make().context().run(case["input"])
    if result.matched or result.attributes:
        return 0
    return 2 if result.incomplete else 1


def in_a_child(case: dict[str, Any], make: Callable[[], Any]) -> int:
    child = os.fork()
    if child == 0:
        code = 3
        try:
            code = answer(case, make)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fresh() -> Any:
    return importlib.import_module("bartizan").Waf()


def preloaded() -> Callable[[], Any]:
    instance = fresh()
    return lambda: instance


def main(kind: str) -> None:
    make = preloaded() if kind == "forked" else fresh
    codes = [(case, in_a_child(case, make)) for case in map(json.loads, sys.stdin)]
    json.dump(
        {
            "missed": [case for case, code in codes if code not in (0, 2)],
            "incomplete": [case for case, code in codes if code == 2],
        },
        sys.stdout,
    )


main(sys.argv[1])

"""The stack of a call, as it is attached to a report."""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Any

from bartizan import sdk

__all__ = ["LARGEST_NUMBER", "captured"]


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip()
    return int(text) if text.isascii() and text.isdecimal() else default


# The variables are known from tracers; zero is unlimited.
LARGEST_NUMBER = _number("DD_APPSEC_MAX_STACK_TRACES", 2)
DEPTH = _number("DD_APPSEC_MAX_STACK_TRACE_DEPTH", 32)
TOP_PERCENT = _number("DD_APPSEC_MAX_STACK_TRACE_DEPTH_TOP_PERCENT", 75)
ENABLED = os.environ.get("DD_APPSEC_STACK_TRACE_ENABLED", "true").strip().lower() not in ("false", "0")
OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep


def captured(id: str) -> dict[str, Any] | None:  # noqa: A002
    """Return the stack of the caller, from the innermost frame outside of this package; None where that is off."""
    if not ENABLED:
        return None
    frames: list[FrameType] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frames or not frame.f_code.co_filename.startswith(OWN):
            frames.append(frame)
        frame = frame.f_back
    chosen = sdk.call("stack_frames", {"count": len(frames), "depth": DEPTH, "top_percent": TOP_PERCENT})
    places = [*range(chosen["top"]), *range(len(frames) - chosen["bottom"], len(frames))]
    return {"id": id, "language": "python", "frames": [_described(place, frames[place]) for place in places]}


def _described(place: int, frame: FrameType) -> dict[str, Any]:
    code = frame.f_code
    return {"id": place, "file": code.co_filename, "line": frame.f_lineno, "function": _name(code)}


def _name(code: Any) -> str:
    name: str = getattr(code, "co_qualname", code.co_name)
    return name

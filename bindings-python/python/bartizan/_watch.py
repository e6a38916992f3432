"""Who watches an engine: the log, hooks of the application, and the current span of OpenTelemetry."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from inspect import iscoroutinefunction
from typing import Any, final

Hook = Callable[[dict[str, Any]], object]

_log = logging.getLogger("bartizan")
_telling: ContextVar[bool] = ContextVar("bartizan_telling", default=False)


@final
class Watch:
    """The log and the hooks of an engine."""

    def __init__(self, on_event: Hook | None, on_block: Hook | None) -> None:
        self.on_event = on_event
        self.on_block = on_block

    def tell(self, notices: Iterable[Mapping[str, Any]]) -> None:
        """Log lines, and call hooks. What hooks raise is logged; within a hook, no hook is called."""
        for notice in notices:
            if notice["line"] is not None:
                _log.warning("%s", notice["line"])
            record = notice["record"]
            hook = self.on_block if record["event"] == "block" else self.on_event
            if hook is not None and not _telling.get():
                call(hook, record)


def call(hook: Hook, record: dict[str, Any]) -> None:
    """Call a hook. The application that is served learns nothing of what it raises, `Blocked` included."""
    token = _telling.set(True)
    try:
        hook(record)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        _log.exception("a hook failed")
    finally:
        _telling.reset(token)


def checked(name: str, hook: Hook | None) -> Hook | None:
    """Return a hook that can be called."""
    if hook is not None and (not callable(hook) or iscoroutinefunction(hook)):
        raise TypeError(f"{name} must be a function that is not asynchronous, not {type(hook).__name__!r}")
    return hook


def current_span() -> Any:
    """Return the span of OpenTelemetry that records; None where there is none, or its API is not installed."""
    global _trace
    if _trace is None:
        try:
            from opentelemetry import trace
        except ImportError:
            _trace = False
        else:
            _trace = trace
    if _trace is False:
        return None
    span = _trace.get_current_span()
    return span if span.is_recording() else None


# The module, or False if it is not installed; None as long as nobody asked.
_trace: Any = None

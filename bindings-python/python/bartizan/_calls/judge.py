"""The way of a call to the engine."""

from __future__ import annotations

import logging
import threading
from typing import Any

from bartizan._web import current

__all__ = ["judge", "judge_statement", "judged", "state"]

_log = logging.getLogger("bartizan")


class State(threading.local):
    """Whether calls are judged, and what this thread is doing."""

    enabled = False
    """The same for all threads: it is an attribute of the class."""
    busy = False
    """Whether a call is being judged, so that files and sockets that this needs are not."""
    statement: tuple[Any, Any] = (None, None)
    """The last statement that was judged, and its request: drivers see it again after frameworks."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "enabled":
            type(self).enabled = value
        else:
            super().__setattr__(name, value)


state = State()


def judged() -> bool:
    """Whether a call that is made now is to be judged. After a refusal, what cleans up is not."""
    if not state.enabled or state.busy:
        return False
    request = current()
    return request is not None and not request.blocked


def judge(addresses: dict[str, Any]) -> None:
    """Evaluate a call before it happens. Raises `Blocked`."""
    request = current()
    if request is None or not judged():
        return
    state.busy = True
    try:
        request.operation(addresses)
    except Exception:
        _log.warning("a call could not be judged", exc_info=True)
    finally:
        state.busy = False


def judge_statement(system: str, statement: Any) -> None:
    """Evaluate a SQL statement before it is sent. Raises `Blocked`."""
    if not judged():
        return
    request = current()
    if state.statement[0] is request and state.statement[1] is statement:
        return
    text = statement.decode(errors="replace") if isinstance(statement, bytes | bytearray) else statement
    if isinstance(text, str):
        state.statement = (request, statement)
        judge({"server.db.statement": text, "server.db.system": system})

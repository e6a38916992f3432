"""Files and processes, of which Python tells by audit events.

It tells of connections, too, but these are not judged: a host cannot be changed by a part of it as a URL can, and one
that a user chose as a whole is what the application asked for, as is a whole URL.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from bartizan._calls.judge import judge, judged

__all__ = ["hook"]

SHELLS = {"ash", "bash", "dash", "ksh", "sh", "zsh"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


def hook(event: str, arguments: tuple[Any, ...]) -> None:
    """Judge an event of the interpreter. Raises `Blocked`."""
    seen = _EVENTS.get(event)
    if seen is not None and judged():
        seen(*arguments)


def _open(path: Any, mode: Any = None, flags: Any = 0, *_: Any) -> None:
    # The importer opens what the application is made of.
    if not isinstance(path, str | bytes) or _caller().startswith("<frozen importlib"):
        return
    writes = bool(flags & WRITING) if mode is None else not {"w", "a", "x", "+"}.isdisjoint(mode)
    text = os.fsdecode(path)
    judge({"server.io.fs.file": text, **({"server.io.fs.file_write": text} if writes else {})})


def _process(executable: Any, arguments: Any, *_: Any) -> None:
    if isinstance(arguments, str | bytes | os.PathLike):
        arguments = [arguments]
    words = [os.fsdecode(word) for word in arguments or [executable]]
    if len(words) > 2 and os.path.basename(words[0]) in SHELLS and words[1] == "-c":
        judge({"server.sys.shell.cmd": words[2]})
    else:
        judge({"server.sys.exec.cmd": words})


def _system(command: Any, *_: Any) -> None:
    judge({"server.sys.shell.cmd": os.fsdecode(command)})


def _replaced(path: Any, arguments: Any, *_: Any) -> None:
    # `subprocess` has told of what it starts before.
    if _caller() != getattr(sys.modules.get("subprocess"), "__file__", None):
        _process(path, arguments)


def _spawned(_mode: Any, path: Any, arguments: Any, *_: Any) -> None:
    _process(path, arguments)


def _terminal(arguments: Any) -> None:
    _process(None, arguments)


def _caller() -> str:
    """Return the file of the code that raised the event."""
    # This function, the one for the event, the hook.
    return sys._getframe(3).f_code.co_filename


_EVENTS: dict[str, Callable[..., None]] = {
    "open": _open,
    "os.exec": _replaced,
    "os.posix_spawn": _replaced,
    "os.spawn": _spawned,
    "os.system": _system,
    "pty.spawn": _terminal,
    "subprocess.Popen": _process,
}

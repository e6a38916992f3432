"""Exploit prevention without a tracer: dangerous calls of an application are judged before they happen.

Python tells of some by audit events (PEP 578): files and processes. URLs and SQL statements are not among
them, so the functions that take these are wrapped. Only what happens in a request of ours is judged.
"""

from __future__ import annotations

import os
import sys

from bartizan._calls import audit, databases, judge, later, urls

__all__ = ["protect_calls"]

# The variable that turns exploit prevention off, as known from tracers.
VARIABLE = "DD_APPSEC_RASP_ENABLED"

_installed = False


def protect_calls(enabled: bool | None = None) -> bool:
    """Judge dangerous calls in requests from now on, or no more; returns whether they are judged.

    These are files that are opened, processes and shell commands that are started, URLs that are requested by
    ``urllib``, ``http.client``, ``urllib3``, ``requests``, ``httpx`` or ``aiohttp``, and SQL statements of ``sqlite3``,
    ``psycopg``, ``psycopg2``, ``pymysql``, ``MySQLdb``, SQLAlchemy and Django. Request data that changes what such a
    call does is reported, with the stack of the call; if rules block, `bartizan.engine.Blocked` is raised in place of
    the call, and the request ends with the blocking response.

    Without an argument, the environment variable ``DD_APPSEC_RASP_ENABLED`` decides, and true is the default. Call it
    before the application connects to databases, once in each process or before it forks. Threads that do not run in
    the context of a request (`contextvars`) are not seen.
    """
    global _installed
    if enabled is None:
        enabled = os.environ.get(VARIABLE, "true").strip().lower() not in ("false", "0")
    judge.state.enabled = enabled
    if enabled and not _installed:
        _installed = True
        sys.addaudithook(audit.hook)
        later.wrap_when_imported({**urls.WRAPPERS, **databases.WRAPPERS})
    return enabled

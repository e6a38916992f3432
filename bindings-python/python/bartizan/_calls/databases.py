"""SQL statements that an application sends: cursors of DB-API drivers (PEP 249), and events of SQLAlchemy."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from bartizan._calls.judge import judge_statement, judged
from bartizan._calls.later import Wrapper, wrap

__all__ = ["WRAPPERS"]

# The names of systems that differ from those of SQLAlchemy's dialects.
SYSTEMS = {"mariadb": "mysql", "cockroachdb": "postgresql"}


def _judged(system: str) -> Callable[[Any], Any]:
    """Make a wrapper for a method of cursors that takes a statement."""

    def make(original: Any) -> Any:
        @functools.wraps(original)
        def wrapper(self: Any, statement: Any, *args: Any, **kwargs: Any) -> Any:
            if judged():
                composed = getattr(statement, "as_string", None)
                judge_statement(system, statement if composed is None else composed(self))
            return original(self, statement, *args, **kwargs)

        return wrapper

    return make


def _sqlite3(module: Any) -> None:
    """Wrap ``connect``, as the classes of this driver cannot be changed: connections get a class below theirs."""
    import sqlite3

    methods = ("execute", "executemany", "executescript")

    def taking_statements(base: type) -> dict[str, Any]:
        return {name: _judged("sqlite")(getattr(base, name)) for name in methods}

    @functools.cache
    def cursors(base: type) -> type:
        return type(base.__name__, (base,), taking_statements(base))

    @functools.cache
    def connections(base: Any) -> type:
        def cursor(self: Any, factory: Any = sqlite3.Cursor) -> Any:
            return base.cursor(self, cursors(factory) if isinstance(factory, type) else factory)

        return type(base.__name__, (base,), {**taking_statements(base), "cursor": cursor})

    def make(original: Any) -> Any:
        @functools.wraps(original)
        def connect(database: Any, *args: Any, **kwargs: Any) -> Any:
            given = args[4] if len(args) > 4 else kwargs.get("factory", sqlite3.Connection)
            if not isinstance(given, type):
                return original(database, *args, **kwargs)
            if len(args) > 4:
                args = (*args[:4], connections(given), *args[5:])
            else:
                kwargs["factory"] = connections(given)
            return original(database, *args, **kwargs)

        return connect

    connect = make(module.connect)
    for place in (module, sqlite3):
        wrap(place, "connect", lambda _: connect)


def _psycopg(module: Any) -> None:
    for name in ("Cursor", "AsyncCursor", "ServerCursor", "AsyncServerCursor"):
        for method in ("execute", "executemany", "stream", "copy"):
            wrap(getattr(module, name), method, _judged("postgresql"))


def _psycopg2(module: Any) -> None:
    """Wrap ``connect``, as the classes of this driver cannot be changed.

    Connections and cursors get a class whose methods come just before those of the driver, so that what subclasses of
    the application do with a statement has been done.
    """
    driver_cursor: Any = module.extensions.cursor
    driver_connection: Any = module.extensions.connection

    judged = {
        name: _judged("postgresql")(getattr(driver_cursor, name)) for name in ("execute", "executemany", "copy_expert")
    }
    our_cursor: Any = type("Cursor", (driver_cursor,), judged)

    def cursor(self: Any, name: Any = None, cursor_factory: Any = None, *args: Any, **kwargs: Any) -> Any:
        factory = cursor_factory or self.cursor_factory or driver_cursor
        return super(our_connection, self).cursor(name, with_ours(factory, driver_cursor, our_cursor), *args, **kwargs)

    our_connection: Any = type("Connection", (driver_connection,), {"cursor": cursor})

    @functools.cache
    def both(wanted: Any, ours: Any) -> type:
        return type(wanted.__name__, (wanted, ours), {})

    def with_ours(wanted: Any, base: Any, ours: Any) -> Any:
        if wanted is base or wanted is None:
            return ours
        # The driver takes functions, and complains about anything else.
        return both(wanted, ours) if isinstance(wanted, type) and issubclass(wanted, base) else wanted

    def make(original: Any) -> Any:
        @functools.wraps(original)
        def connect(dsn: Any = None, connection_factory: Any = None, *args: Any, **kwargs: Any) -> Any:
            factory = with_ours(connection_factory, driver_connection, our_connection)
            return original(dsn, factory, *args, **kwargs)

        return connect

    wrap(module, "connect", make)


def _mysql(module: Any) -> None:
    base = getattr(module, "BaseCursor", None) or module.Cursor
    for method in ("execute", "executemany"):
        wrap(base, method, _judged("mysql"))


def _sqlalchemy(module: Any) -> None:
    from sqlalchemy import event

    def before(connection: Any, _cursor: Any, statement: Any, *_: Any) -> None:
        name = connection.dialect.name
        judge_statement(SYSTEMS.get(name, name), statement)

    event.listen(module.Engine, "before_cursor_execute", before)


def _django(module: Any) -> None:
    def execute(run: Any, statement: Any, parameters: Any, many: Any, context: Any) -> Any:
        judge_statement(context["connection"].vendor, statement)
        return run(statement, parameters, many, context)

    def connected(connection: Any, **_: Any) -> None:
        if execute not in connection.execute_wrappers:
            connection.execute_wrappers.append(execute)

    module.connection_created.connect(connected, weak=False, dispatch_uid="bartizan")


WRAPPERS: dict[str, Wrapper] = {
    "MySQLdb.cursors": _mysql,
    "django.db.backends.signals": _django,
    "psycopg": _psycopg,
    "psycopg2": _psycopg2,
    "pymysql.cursors": _mysql,
    "sqlalchemy.engine": _sqlalchemy,
    "sqlite3.dbapi2": _sqlite3,
}

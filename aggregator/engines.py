"""Engines: how each kind of database is connected to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import POLLIN, poll
from sqlite3 import Connection as SQLiteConnection
from typing import Any
from urllib.parse import quote

from psycopg2 import Error as PostgresError
from psycopg2 import extensions
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError

from aggregator.sql_functions import ExactSum

#: After half a minute without a sign of life, a connection counts as lost: a host that vanished
#: would else be waited for for hours.
_SILENCE = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def engine_options(
    database_url: str, *, pool_size: int = 5, process: str = "command"
) -> dict[str, Any]:
    """Return the arguments for ``create_engine`` that suit the database.

    :param pool_size: connections to PostgreSQL that the process may hold open. A SQLite
        database is a file of our own: nobody counts there.
    :param process: what the database shows beside each connection: ``web``, ``poller`` or
        ``command``.
    """
    # Without it, an error's text quotes the parameters, and with them tokens.
    options: dict[str, Any] = {"hide_parameters": True}
    if database_url.startswith("postgresql"):
        name = f"aggregator {process}"
        options["connect_args"] = {
            "connect_timeout": 5,
            "fallback_application_name": name,
            **_SILENCE,
        }
        options |= {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": 5}
    return options


@contextmanager
def connected(database_url: str, folder: str) -> Iterator[Engine]:
    """Give an engine for a database that is there beside the application's.

    :param folder: where a relative SQLite path begins.
    """
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        # By its plain name, SQLite would make a file where there is none.
        path = quote(str(Path(folder, url.database)))
        url = url.set(database=f"file:{path}", query={"mode": "rw", "uri": "true"})
    engine = create_engine(url, **engine_options(database_url))
    try:
        yield engine
    finally:
        engine.dispose()


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: object, _record: object) -> None:
    if not isinstance(connection, SQLiteConnection):
        return
    # The driver would begin transactions by itself, late and never for reading.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
    connection.create_aggregate("exact_sum", 1, ExactSum)  # type: ignore[arg-type]


@event.listens_for(Engine, "checkout")
def _notice_ended_connections(connection: object, _record: object, _proxy: object) -> None:
    """Let the pool replace its connections where the server ended one of them.

    What the server says without being asked lies in the socket, and so does the end: only then
    is a connection worth a round trip.
    """
    if not isinstance(connection, extensions.connection):
        return
    try:
        if _is_readable(connection.fileno()):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            connection.rollback()
    except PostgresError as error:
        raise InvalidatePoolError from error


def _is_readable(descriptor: int) -> bool:
    # select() knows no descriptors from 1024 on.
    socket = poll()
    socket.register(descriptor, POLLIN)
    return bool(socket.poll(0))


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        begin = connection.get_execution_options().get("sqlite_begin", "BEGIN")
        connection.exec_driver_sql(begin)

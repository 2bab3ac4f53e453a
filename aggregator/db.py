"""The database: the declarative base, its types, and the unit of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from sqlite3 import Error as SQLiteError
from typing import Any, Literal
from urllib.parse import quote

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    ExceptionContext,
    MetaData,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.types import TypeDecorator

from aggregator.errors import DatabaseNotMigrated
from aggregator.numbers import BigNumber, Number
from aggregator.sql_functions import ExactSum

_NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant on every database: SQLite alone would give naive ones back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What values of this type are in Python."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive instant: nobody knows which one it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every instant back in UTC, whatever the session's time zone is."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of all models."""

    metadata = MetaData(naming_convention=_NAMES)
    # Flask-SQLAlchemy 3.1 copies this class body and trips over a `type_annotation_map`
    # there (pallets-eco/flask-sqlalchemy#1361); a registry of our own carries it past that.
    registry = registry(metadata=metadata, type_annotation_map={datetime: UtcDateTime})


db = SQLAlchemy(model_class=Base)

#: Where the migrations are.
MIGRATIONS = Path(__file__).parents[1] / "migrations"

#: What is raised while the database is away, overloaded or not migrated: the same call may
#: succeed later.
DATABASE_UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout, DatabaseNotMigrated)

#: How a missing table or column is told by PostgreSQL, and by SQLite.
_MISSING_CODES = ("42P01", "42703")
_MISSING_WORDS = ("no such table", "no such column", "has no column named")


def first_line(error: BaseException) -> str:
    """Return what a database error says, without the hints and the SQL that follow."""
    return str(error).splitlines()[0]


#: What :func:`reading` reads from where nobody names an engine; None for the application's own.
_reads_from: ContextVar[Engine | None] = ContextVar("reads_from", default=None)

#: How migrations spell our types.
_PLAIN_TYPES: dict[type, str] = {
    UtcDateTime: "sa.DateTime(timezone=True)",
    Number: "sa.Numeric()",
    BigNumber: 'sa.Numeric().with_variant(sa.Text(), "sqlite")',
}


@contextmanager
def unit_of_work(engine: Engine | None = None) -> Iterator[Session]:
    """Open a transaction that writes: commit on success, roll back on any exception.

    :param engine: None for the current application's.
    """
    with Session(engine or db.engine, expire_on_commit=False) as session, session.begin():
        # A SQLite transaction that reads first and writes later fails at once when somebody
        # wrote in between; one that takes the write lock at its start waits its turn.
        session.connection(execution_options={"sqlite_begin": "BEGIN IMMEDIATE"})
        yield session


@contextmanager
def reading(engine: Engine | None = None) -> Iterator[Session]:
    """Open a transaction that only reads, and sees one instant of the database throughout.

    :param engine: None for what :func:`read_engine` returns.
    """
    with Session(engine or read_engine()) as session, session.begin():
        if session.get_bind().dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def read_engine() -> Engine:
    """Return the engine to read from: the current application's, unless another was chosen."""
    return _reads_from.get() or db.engine


@contextmanager
def reads_from(engine: Engine) -> Iterator[None]:
    """Let :func:`reading` read from another engine meanwhile."""
    token = _reads_from.set(engine)
    try:
        yield
    finally:
        _reads_from.reset(token)


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
    options: dict[str, Any] = {"pool_pre_ping": True, "hide_parameters": True}
    if database_url.startswith("postgresql"):
        name = f"aggregator {process}"
        options["connect_args"] = {"connect_timeout": 5, "fallback_application_name": name}
        options |= {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": 5}
    return options


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our types into migrations as the plain types they are stored as.

    A migration that imported the application would change its meaning with it.
    """
    return _PLAIN_TYPES.get(type(item), False) if kind == "type" else False


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


@event.listens_for(Engine, "handle_error", retval=True)
def _notice_missing_tables(context: ExceptionContext) -> Exception | None:
    """Return what is raised instead, on every database, where a table or a column is not there."""
    error = context.original_exception
    missing = getattr(error, "pgcode", None) in _MISSING_CODES or (
        isinstance(error, SQLiteError) and any(words in str(error) for words in _MISSING_WORDS)
    )
    return DatabaseNotMigrated(first_line(error)) if missing else None


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        begin = connection.get_execution_options().get("sqlite_begin", "BEGIN")
        connection.exec_driver_sql(begin)

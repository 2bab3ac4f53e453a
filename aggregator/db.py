"""The database: the declarative base, its types, and the unit of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Engine, MetaData
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.types import TypeDecorator

from aggregator.numbers import BigNumber, Number

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

#: What :func:`reading` reads from where nobody names an engine; None for the application's own.
_reads_from: ContextVar[Engine | None] = ContextVar("reads_from", default=None)

#: Where the migrations are.
MIGRATIONS = Path(__file__).parents[1] / "migrations"

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


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our types into migrations as the plain types they are stored as.

    A migration that imported the application would change its meaning with it.
    """
    return _PLAIN_TYPES.get(type(item), False) if kind == "type" else False

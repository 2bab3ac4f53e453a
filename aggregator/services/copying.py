"""Copying a whole database into another, of whichever kind they are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Table, func, insert, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from aggregator.database_errors import first_line
from aggregator.db import Base
from aggregator.errors import CopyFailed
from aggregator.models import Poller
from aggregator.services.schema import SchemaState, read_schema

#: Rows in memory at a time.
_BATCH = 2_000
#: Digests are added up as numbers of this many bits.
_DIGEST_BITS = 256

#: Those that a row points to come first. What stays behind is who polls the source: its processes
#: are not the target's.
TABLES = tuple(table for table in Base.metadata.sorted_tables if table is not Poller.__table__)


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table whose rows are the same in both databases."""

    name: str
    n_rows: int
    digest: str
    """Of all rows, whatever their order: 64 hexadecimal digits."""


def check_ready(source: Session, target: Session) -> None:
    """Check that a database can be copied into another.

    :raises CopyFailed: One of them is not up to date, or the target is not empty.
    """
    for name, session in (("source", source), ("target", target)):
        schema = read_schema(session.connection())
        if schema.state is not SchemaState.CURRENT:
            raise CopyFailed(
                f"the {name} stands at migration {schema.found or 'none'}, not at {schema.wanted}: "
                f"run flask --app wsgi db upgrade with DATABASE_URL set to the {name}"
            )
    filled = [table.name for table in TABLES if target.execute(select(table).limit(1)).first()]
    if filled:
        raise CopyFailed(
            f"the target is not empty: there are rows in {', '.join(filled)}. "
            "Copy into a new database, after flask --app wsgi db upgrade"
        )


def count_rows(session: Session) -> dict[str, int]:
    """Return the number of rows of each table that is copied."""
    return {
        table.name: session.scalars(select(func.count()).select_from(table)).one()
        for table in TABLES
    }


def copy_tables(
    source: Session, target: Session, on_rows: Callable[[str, int], object]
) -> Iterator[CopiedTable]:
    """Copy all rows, table by table, and read each table again to compare.

    Indexes and what searches need are kept up by the target itself.

    :param on_rows: called with a table's name and the number of rows just copied.
    :raises CopyFailed: The target does not take a row, or holds other rows in the end.
    """
    for table in TABLES:
        given = _Digest()
        for rows in _batches(source, table):
            given.add(rows)
            _write(target, table, rows)
            on_rows(table.name, len(rows))
        stored = _Digest()
        for rows in _batches(target, table):
            stored.add(rows)
        if stored != given:
            raise CopyFailed(f"{table.name} differs after copying: somebody else writes to it")
        yield CopiedTable(table.name, given.n_rows, given.text)


@dataclass
class _Digest:
    """Of rows in any order, in which databases of other kinds would sort them."""

    n_rows: int = 0
    total: int = 0

    def add(self, rows: Iterable[Row[Any]]) -> None:
        """Take some rows in."""
        for row in rows:
            digest = hashlib.sha256(repr(tuple(row)).encode()).digest()
            self.total = (self.total + int.from_bytes(digest)) % 2**_DIGEST_BITS
            self.n_rows += 1

    @property
    def text(self) -> str:
        """Return what equal rows have in common, in hexadecimal digits."""
        return f"{self.total:064x}"


def _batches(session: Session, table: Table) -> Iterator[Sequence[Row[Any]]]:
    return session.execute(select(table), execution_options={"yield_per": _BATCH}).partitions()


def _write(session: Session, table: Table, rows: Sequence[Row[Any]]) -> None:
    try:
        session.execute(insert(table), [dict(row._mapping) for row in rows])
    # PostgreSQL's driver sends no text that holds a NUL.
    except (DataError, IntegrityError, ValueError) as error:
        raise CopyFailed(f"{table.name} cannot be written: {first_line(error)}") from error

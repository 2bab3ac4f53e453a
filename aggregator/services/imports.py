"""Imports: many products at once, all of them in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, insert, literal, select, true
from sqlalchemy.orm import Session

from aggregator.bulk.rows import FailedRow, ProductRow
from aggregator.errors import Fault, ImportFailed
from aggregator.models import Product, ProductSync
from aggregator.recordset import dialect_insert, recordset
from aggregator.services.search import derive_columns

#: Name and description.
_Content = tuple[str, str]
#: Rows in one statement.
_CHUNK = 500
#: Failed rows that a report lists.
_MAX_LISTED = 1_000
_EXISTS = Fault(
    "pointer", "/id", "exists", "There is a product with this id and other content already."
)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do."""

    created: int
    existing: int
    """Rows that are in the catalogue already."""
    failed: int
    dry_run: bool
    rows: Sequence[FailedRow]
    """The failed ones in the file's order, the first 1,000."""


def import_products(
    session: Session,
    rows: Sequence[ProductRow | FailedRow],
    *,
    skip_failed: bool,
    dry_run: bool,
    now: datetime,
) -> ImportReport:
    """Create the products of a file, due to be registered; return what came of each row.

    A row whose id is taken exists already where it says the same as what has the id, and
    where its id was derived from its content; otherwise it fails. The same file imported
    again, or by two at the same time, creates each product once.

    :param skip_failed: create the others where a row fails.
    :param dry_run: create nothing, but answer the same.
    :raises ImportFailed: A row failed, and ``skip_failed`` is not set.
    """
    products = [row for row in rows if isinstance(row, ProductRow)]
    failed = [row for row in rows if isinstance(row, FailedRow)]
    firsts: dict[UUID, ProductRow] = {}
    for row in products:
        firsts.setdefault(row.product_id, row)
    is_doomed = bool(failed) and not skip_failed
    wanted = sorted(firsts.values(), key=attrgetter("product_id"))
    stored = _find(session, wanted) if dry_run or is_doomed else _store(session, wanted, now)
    n_created = len(firsts) - len(stored)
    failed += _conflicts(products, firsts, stored)
    n_existing = len(rows) - len(failed) - n_created
    failed.sort(key=attrgetter("number"))
    if failed and not skip_failed:
        listed = failed[:_MAX_LISTED]
        report = ImportReport(0, n_existing, len(failed), dry_run, listed)
        raise ImportFailed(len(failed), report)
    return ImportReport(n_created, n_existing, len(failed), dry_run, failed[:_MAX_LISTED])


def _conflicts(
    products: Sequence[ProductRow],
    firsts: Mapping[UUID, ProductRow],
    stored: Mapping[UUID, _Content],
) -> Iterator[FailedRow]:
    """Yield the rows whose id belongs to other content, stored or in an earlier row."""
    for row in products:
        first = firsts[row.product_id]
        content = stored.get(row.product_id, (first.name, first.description))
        if not row.has_derived_id and content != (row.name, row.description):
            yield FailedRow(row.number, row.product_id, [_EXISTS])


def _store(session: Session, rows: Sequence[ProductRow], now: datetime) -> dict[UUID, _Content]:
    """Create products, in the order of their ids; return the content of those there are already."""
    stored: dict[UUID, _Content] = {}
    for chunk in _chunks(rows):
        stored |= _store_chunk(session, chunk, now)
    return stored


def _store_chunk(
    session: Session, rows: Sequence[ProductRow], now: datetime
) -> dict[UUID, _Content]:
    while True:
        with session.begin_nested() as attempt:
            created = _insert(session, rows, now)
            taken = [row for row in rows if row.product_id not in created]
            found = _find(session, taken)
            if len(found) == len(taken):
                return found
            # What had an id was deleted after it was in the way. To go back to that id with
            # later ones in hand would be out of order: two imports would wait in a circle.
            attempt.rollback()


def _find(session: Session, rows: Sequence[ProductRow]) -> dict[UUID, _Content]:
    """Return the content of the products that have these ids."""
    found: dict[UUID, _Content] = {}
    query = select(Product.id, Product.name, Product.description)
    for chunk in _chunks(rows):
        ours = {row.product_id: (row.name, row.description) for row in chunk}
        for product_id, *content in session.execute(query.where(Product.id.in_(ours))):
            # Equal texts are kept once: a catalogue imported again would be in memory twice.
            same = tuple(content) == ours[product_id]
            found[product_id] = ours[product_id] if same else (content[0], content[1])
    return found


def _insert(session: Session, rows: Sequence[ProductRow], now: datetime) -> set[UUID]:
    """Create the products whose ids are free, due now; return these ids."""
    new = _recordset(session, Product, [_values(row) for row in rows])
    names = [*new.c.keys(), "created_at", "updated_at", "version"]
    values = select(*new.c, literal(now), literal(now), literal(1))
    # Without a WHERE, SQLite reads the ON of the ON CONFLICT as a join's.
    statement = dialect_insert(session, Product).from_select(names, values.where(true()))
    created = set(session.scalars(statement.on_conflict_do_nothing().returning(Product.id)).all())
    syncs = [
        {"product_id": row.product_id, "due_at": now, "failures": 0, "offers_count": 0}
        for row in rows
        if row.product_id in created
    ]
    if syncs:
        sync = _recordset(session, ProductSync, syncs)
        session.execute(insert(ProductSync).from_select(sync.c.keys(), select(sync)))
    return created


def _values(row: ProductRow) -> dict[str, Any]:
    """Return what a new product holds beside its version and its times."""
    text = {"name": row.name, "description": row.description}
    return {"id": row.product_id, **text, **derive_columns(**text)}


def _recordset(
    session: Session, model: type[Product | ProductSync], rows: Sequence[dict[str, Any]]
) -> FromClause:
    columns = {name: model.__table__.c[name].type for name in rows[0]}
    return recordset(session, columns, [list(row.values()) for row in rows], name="new")


def _chunks(rows: Sequence[ProductRow]) -> Iterator[Sequence[ProductRow]]:
    for start in range(0, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK]

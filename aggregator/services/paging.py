"""Keyset pagination: a page costs the same wherever in the list it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Select, and_, func, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from aggregator.db import reading

AnySelect = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One column to sort by. The keys of a list together are unique.

    Only the first may be null: those rows come last in both directions.
    """

    column: InstrumentedAttribute[Any]
    descending: bool = False

    @property
    def nullable(self) -> bool:
        """Whether the column may be null."""
        return bool(self.column.expression.nullable)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which rows are wanted: at most ``limit``, after the row whose sort values are ``after``.

    ``after`` is None for the first page; ``with_total`` asks for the number of all rows.
    """

    limit: int
    after: tuple[Any, ...] | None = None
    with_total: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order; ``next`` is the last row's sort values, None on the last page."""

    rows: Sequence[Any]
    next: tuple[Any, ...] | None
    total: int | None


def fetch_page(
    session: Session, query: AnySelect, keys: Sequence[SortKey], request: PageRequest
) -> Page:
    """Return one page of a query's rows, each with its sort values behind its own columns."""
    total = None
    if request.with_total:
        counted = query.with_only_columns(func.count(), maintain_column_froms=True)
        total = session.scalar(counted)
    ordered = query.add_columns(*(key.column for key in keys)).order_by(
        *(key.column.desc() if key.descending else key.column for key in keys)
    )
    rows: list[AnyRow] = []
    for stretch in _stretches(keys, request.after):
        missing = request.limit + 1 - len(rows)
        if missing:
            rows += session.execute(ordered.where(stretch).limit(missing))
    if len(rows) <= request.limit:
        return Page(rows, None, total)
    return Page(rows[:-1], tuple(rows[-2][-len(keys) :]), total)


def iter_pages(
    engine: Engine, limit: int, fetch: Callable[[Session, PageRequest], Page]
) -> Iterator[Sequence[Any]]:
    """Yield a whole list, at most ``limit`` rows at a time; at least one page.

    Each page is fetched in a short transaction of its own, however slowly somebody takes them.
    """
    request = PageRequest(limit)
    while True:
        with reading(engine) as session:
            page = fetch(session, request)
        yield page.rows
        if page.next is None:
            return
        request = PageRequest(limit, page.next)


def _stretches(
    keys: Sequence[SortKey], after: Sequence[Any] | None
) -> Iterator[ColumnElement[bool]]:
    """Yield conditions that part the wanted rows in their order.

    Each fits one stretch of an index, also where the keys' directions differ or nulls, which
    databases sort differently, come last. One condition for all rows would fit none.
    """
    if after is None:
        yield from _parts(keys[0])
        return
    for n_equal in reversed(range(len(keys))):
        equal = [key.column == value for key, value in zip(keys[:n_equal], after, strict=False)]
        for beyond in _beyond(keys[n_equal], after[n_equal]):
            yield and_(*equal, beyond)


def _parts(key: SortKey) -> Iterator[ColumnElement[bool]]:
    if key.nullable:
        yield key.column.is_not(None)
        yield key.column.is_(None)
    else:
        yield true()


def _beyond(key: SortKey, value: Any) -> Iterator[ColumnElement[bool]]:
    if value is None:
        return
    yield key.column < value if key.descending else key.column > value
    if key.nullable:
        yield key.column.is_(None)

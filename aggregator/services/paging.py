"""Keyset pagination: a page costs the same wherever in the list it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

AnySelect = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One column to sort by. The keys of a list together are unique; no column is null."""

    column: InstrumentedAttribute[Any]
    descending: bool = False


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
    """Return one page of a query's rows. The query selects the keys' columns by their names."""
    total = None
    if request.with_total:
        counted = query.with_only_columns(func.count(), maintain_column_froms=True)
        total = session.scalar(counted)
    page = query.order_by(*(k.column.desc() if k.descending else k.column for k in keys))
    if request.after is not None:
        page = page.where(_after(keys, request.after))
    rows = session.execute(page.limit(request.limit + 1)).all()
    if len(rows) <= request.limit:
        return Page(rows, None, total)
    last = rows[request.limit - 1]
    return Page(rows[:-1], tuple(getattr(last, key.column.key) for key in keys), total)


def _after(keys: Sequence[SortKey], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition for rows behind the given sort values."""
    key, value = keys[0], values[0]
    beyond: ColumnElement[bool] = key.column < value if key.descending else key.column > value
    if len(keys) == 1:
        return beyond
    # The outer bound says nothing new, but it is what an index can start from.
    bound = key.column <= value if key.descending else key.column >= value
    return and_(bound, or_(beyond, _after(keys[1:], values[1:])))

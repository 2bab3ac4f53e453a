"""Keyset pagination: a page costs the same wherever in the list it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Engine,
    Row,
    Select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from aggregator.db import reading

AnySelect = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class SortKey:
    """One column to sort by.

    A list has two: one that it is sorted by, which may be null, and those rows come last in both
    directions; and one that is unique, ascending.
    """

    column: InstrumentedAttribute[Any]
    descending: bool = False

    @property
    def nullable(self) -> bool:
        """Whether the column may be null."""
        return bool(self.column.expression.nullable)

    @cached_property
    def python_type(self) -> type[Any]:
        """What values of the column are in Python."""
        found: type[Any] = self.column.type.python_type
        return found


class Position(Enum):
    """Where a page begins."""

    START = auto()
    BEHIND_VALUE = auto()
    BEHIND_NULL = auto()
    """Behind a row that has no value to be sorted by."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which rows are wanted: at most ``limit``, after the row whose sort values are ``after``.

    ``after`` is None for the first page; ``with_total`` asks for the number of all rows.
    """

    limit: int
    after: tuple[Any, ...] | None = None
    with_total: bool = False

    @property
    def position(self) -> Position:
        """Where the page begins."""
        if self.after is None:
            return Position.START
        return Position.BEHIND_NULL if self.after[0] is None else Position.BEHIND_VALUE

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of a ``select_page``; one row more tells whether others follow."""
        after = {f"after_{i}": value for i, value in enumerate(self.after or ())}
        return {"limit": self.limit + 1, **after}


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order; ``next`` is the last row's sort values, None on the last page."""

    rows: Sequence[Any]
    next: tuple[Any, ...] | None
    total: int | None


def cut_page(
    rows: Sequence[Any], keys: Sequence[SortKey], request: PageRequest, total: int | None = None
) -> Page:
    """Return the page that rows of a :func:`~aggregator.services.keyset.select_page` are.

    :param rows: their last columns are the sort values, as values or all as text.
    """
    if len(rows) <= request.limit:
        return Page(rows, None, total)
    last = zip(rows[-2][-len(keys) :], keys, strict=True)
    return Page(rows[:-1], tuple(_sort_value(value, key) for value, key in last), total)


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


def _sort_value(value: Any, key: SortKey) -> Any:
    """Return a sort value, also where the database wrote it as text."""
    return _READERS[key.python_type](value) if isinstance(value, str) else value


def _read_instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


_READERS: dict[type, Callable[[str], Any]] = {
    datetime: _read_instant,
    UUID: UUID,
    int: int,
    str: str,
}

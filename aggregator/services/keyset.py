"""Keyset pagination in SQL: a page costs the same wherever in the list it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    cast,
    func,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from aggregator.services.paging import (
    AnySelect,
    Page,
    PageRequest,
    Position,
    SortKey,
    cut_page,
)

_LIMIT = bindparam("limit", type_=Integer())


def select_page(query: AnySelect, keys: Sequence[SortKey], position: Position) -> AnySelect:
    """Return the query for one page of a query's rows, in order, each with its sort values.

    These are its last columns, ``key_0`` and ``key_1``.
    """
    wide = query.add_columns(*(key.column.label(f"key_{i}") for i, key in enumerate(keys)))
    ordered = wide.limit(_LIMIT).order_by(
        *(key.column.desc() if key.descending else key.column for key in keys)
    )
    stretches = [ordered.where(stretch) for stretch in _stretches(keys, position)]
    if len(stretches) == 1:
        return stretches[0]
    parts = (each.subquery(f"stretch_{i}") for i, each in enumerate(stretches))
    rows = union_all(*map(select, parts)).subquery("stretches")
    return select(rows).order_by(*page_order(rows, keys)).limit(_LIMIT)


def page_order(page: FromClause, keys: Sequence[SortKey]) -> Iterator[ColumnElement[Any]]:
    """Yield what sorts the rows of a :func:`select_page`."""
    for i, key in enumerate(keys):
        column = page.c[f"key_{i}"]
        ordered = column.desc() if key.descending else column.asc()
        yield ordered.nulls_last() if key.nullable else ordered


def page_keys(page: FromClause, keys: Sequence[SortKey]) -> Iterator[ColumnElement[str]]:
    """Yield the sort values of a :func:`select_page` as text, which ``cut_page`` reads."""
    for i in range(len(keys)):
        yield cast(page.c[f"key_{i}"], Text)


def fetch_page(
    session: Session,
    query: AnySelect,
    keys: Sequence[SortKey],
    request: PageRequest,
    parameters: Mapping[str, Any],
) -> Page:
    """Return one page of a query's rows, each with its sort values behind its own columns."""
    total = None
    if request.with_total:
        counted = query.with_only_columns(func.count(), maintain_column_froms=True)
        total = session.scalar(counted, parameters)
    page = select_page(query, keys, request.position)
    rows = session.execute(page, {**parameters, **request.parameters}).all()
    return cut_page(rows, keys, request, total)


def _stretches(keys: Sequence[SortKey], position: Position) -> Iterator[ColumnElement[bool]]:
    """Yield conditions that part the wanted rows in their order.

    Each fits one stretch of an index, also where the keys' directions differ or nulls, which
    databases sort differently, come last. One condition for all rows would fit none.
    """
    by, tie = (key.column for key in keys)
    after = [bindparam(f"after_{i}", type_=key.column.type) for i, key in enumerate(keys)]
    if position is Position.BEHIND_NULL:
        yield and_(by.is_(None), tie > after[1])
        return
    if position is Position.START:
        yield by.is_not(None) if keys[0].nullable else true()
    elif keys[0].descending:
        yield and_(by == after[0], tie > after[1])
        yield by < after[0]
    else:
        yield tuple_(by, tie) > tuple_(*after)
    if keys[0].nullable:
        yield by.is_(None)

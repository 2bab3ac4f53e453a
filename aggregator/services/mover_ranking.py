"""Ranking products by how far their best price is from that of an hour of the past."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Result,
    Select,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from aggregator.models import FirstPrice, LastPrice, PriceHour, PriceSeal, PriceStart, ProductSync

_HOUR = timedelta(hours=1)
#: Not a parameter: with one, SQLite would not see that the index of these rows serves.
_OF_BEST = PriceHour.aggregate == literal_column("'best'")
_FIRST_NUMBER = func.coalesce(PriceHour.open, PriceHour.first)
#: The first price of a sealed hour: whole numbers, as best prices are. Other aggregates may be
#: too large for it, and a condition may meet them.
_FIRST_PRICE = cast(_FIRST_NUMBER, BigInteger)

Price = ColumnElement[Any]

#: What to sort by, given the prices at the end and at the start. Of large prices, quotients
#: may agree that differ in their 16th digit; those of equal changes always agree.
_CHANGES: dict[str, Callable[[Price, Price], Price]] = {
    "percent": lambda end, start: cast(end, Double) / cast(start, Double),
    "absolute": lambda end, start: end - start,
}


class Ranked(NamedTuple):
    """A product with the two prices that it is ranked by."""

    product_id: UUID
    start: int
    end: int


class _Prices(NamedTuple):
    """A query for both prices of products, and the prices in its terms."""

    query: Select[*tuple[Any, ...]]
    start: Price
    end: Price


def rank_movers(session: Session, since: datetime, *, sort: str, limit: int) -> list[Ranked]:
    """Return the products that lead a ranking, in order, ties by id.

    :param since: the start of an hour, with whose price, or else with the first one after it,
        the present or else the last one is compared. Who had none meanwhile is left out.
    :param sort: ``percent`` or ``absolute``, with ``-`` for the biggest rise first.
    """
    query, start, end = _select_prices(since)
    change = _CHANGES[sort.removeprefix("-")](end, func.nullif(start, 0))
    order = change.desc() if sort.startswith("-") else change.asc()
    query = query.order_by(order.nulls_last(), ProductSync.product_id).limit(limit)
    # Of nothing there are no percents.
    return [Ranked(*row) for row in _execute(session, query) if row.start]


def compare_prices(
    session: Session, since: datetime, product_ids: Collection[UUID]
) -> list[Ranked]:
    """Return the two prices of products, as :func:`rank_movers` compares them, in no order.

    Who had no price meanwhile is left out; one that began with a price of 0 is not.

    :param since: the start of an hour.
    """
    query = _select_prices(since, product_ids).query
    return [Ranked(*row) for row in _execute(session, query) if row.start is not None]


def _select_prices(since: datetime, product_ids: Collection[UUID] | None = None) -> _Prices:
    """Return what both prices are read with.

    :param product_ids: of which products; None for all.
    """
    starts = _starts(since, product_ids).subquery("starts")
    end: Price = func.coalesce(ProductSync.best_price, LastPrice.price)
    start: Price = case(
        (starts.c.price.is_not(None), starts.c.price),
        (ProductSync.checked_at <= since, ProductSync.best_price),
        else_=func.coalesce(_held(since), _next_sealed(since), _next_recent(since)),
    )
    lost_since = and_(LastPrice.product_id == ProductSync.product_id, LastPrice.until > since)
    query = (
        select(ProductSync.product_id, start.label("start"), end.label("end"))
        .outerjoin(LastPrice, lost_since)
        .outerjoin(starts, starts.c.product_id == ProductSync.product_id)
        .where(end.is_not(None), *_among(ProductSync.product_id, product_ids))
    )
    return _Prices(query, start, end)


def _execute(session: Session, query: Select[*tuple[Any, ...]]) -> Result[*tuple[Any, ...]]:
    if session.get_bind().dialect.name == "postgresql":
        # The planner takes the subqueries, which hardly any product needs, for the bulk of the
        # work; compiling them would cost more than all of it.
        session.execute(text("SET LOCAL jit = off"))
    return session.execute(query)


def _starts(since: datetime, product_ids: Collection[UUID] | None) -> Any:
    """Return the prices at hand of nearly all products, at most one of each."""
    sealed = select(PriceHour.product_id, _FIRST_PRICE.label("price")).where(
        _OF_BEST,
        PriceHour.hour == since,
        _FIRST_NUMBER.is_not(None),
        *_among(PriceHour.product_id, product_ids),
    )
    recent = select(PriceStart.product_id, PriceStart.price).where(
        PriceStart.hour == since, *_among(PriceStart.product_id, product_ids)
    )
    # Who had the first price of all within the hour has a row of the hour.
    newcomers = select(FirstPrice.product_id, FirstPrice.price).where(
        FirstPrice.at >= since + _HOUR, *_among(FirstPrice.product_id, product_ids)
    )
    return union_all(sealed, recent, newcomers)


def _among(
    column: InstrumentedAttribute[UUID], product_ids: Collection[UUID] | None
) -> Iterator[ColumnElement[bool]]:
    """Yield the condition that a row is of one of the products, if not all are wanted."""
    if product_ids is not None:
        yield column.in_(product_ids)


def _held(since: datetime) -> Price:
    """Return what held over a sealed hour of which there is no row: there was no poll in it."""
    is_sealed = (
        select(PriceSeal.product_id)
        .where(PriceSeal.product_id == ProductSync.product_id, PriceSeal.sealed_until > since)
        .correlate(ProductSync)
        .exists()
    )
    return _one(
        select(case((PriceHour.hour < since, cast(PriceHour.close, BigInteger))))
        .where(
            PriceHour.product_id == ProductSync.product_id,
            _OF_BEST,
            PriceHour.hour <= since,
            is_sealed,
        )
        .order_by(PriceHour.hour.desc())
    )


def _next_sealed(since: datetime) -> Price:
    """Return the first price of the sealed hours behind the one in question."""
    return _one(
        select(_FIRST_PRICE)
        .where(
            PriceHour.product_id == ProductSync.product_id,
            _OF_BEST,
            PriceHour.hour > since,
            _FIRST_NUMBER.is_not(None),
        )
        .order_by(PriceHour.hour)
    )


def _next_recent(since: datetime) -> Price:
    """Return the first price of the hours that are not sealed, behind the one in question.

    What held since a poll behind the hour says nothing of the hour.
    """
    held_then = PriceStart.observed_at <= since
    returned = PriceStart.observed_at == PriceStart.at
    return _one(
        select(case((or_(held_then, returned), PriceStart.price)))
        .where(PriceStart.product_id == ProductSync.product_id, PriceStart.hour > since)
        .order_by(PriceStart.hour)
    )


def _one(query: Select[Any]) -> Price:
    return query.limit(1).correlate(ProductSync).scalar_subquery()

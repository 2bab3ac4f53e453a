"""Reading the sealed hours of a product's aggregates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Row,
    Select,
    and_,
    cast,
    func,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from aggregator.clock import from_ms, to_ms
from aggregator.history.bars import MS_PER_HOUR, Bar, Stretches
from aggregator.history.landmarks import Landmarks, Mark, join_landmarks
from aggregator.models import PriceHour
from aggregator.recordset import recordset
from aggregator.sql_functions import exact_sum, hours_between


class AggregateHours:
    """The sealed hours of an aggregate of a product's prices."""

    def __init__(self, session: Session, product_id: UUID, aggregate: str) -> None:
        self._session = session
        self._product_id = product_id
        self._aggregate = aggregate

    def bars(self, ranges: Stretches) -> list[list[Bar]]:
        """Return at most one bar a range: the database adds its hours up."""
        sums = self._sums(ranges).subquery("sums")
        first, last = aliased(PriceHour), aliased(PriceHour)
        rows = self._session.execute(
            select(sums, first.open, last.close)
            .join(first, and_(self._is_mine(first), first.hour == sums.c.first_hour))
            .join(last, and_(self._is_mine(last), last.hour == sums.c.last_hour))
        )
        bars: list[list[Bar]] = [[] for _ in ranges]
        for row in rows:
            bars[row.i].append(_bar(row, ranges[row.i][0]))
        return bars

    def landmarks(self, start: int, end: int) -> Landmarks:
        """Return the landmarks, low and high of ``best`` with their offers."""
        hours = select(PriceHour).where(
            self._is_mine(PriceHour),
            PriceHour.hour >= from_ms(start),
            PriceHour.hour < from_ms(end),
            PriceHour.low.is_not(None),
        )
        orders: list[tuple[Any, ...]] = [
            (PriceHour.hour,),
            (PriceHour.hour.desc(),),
            (PriceHour.low, PriceHour.hour),
            (PriceHour.high.desc(), PriceHour.hour),
        ]
        chosen = [hours.order_by(*order).limit(1).subquery() for order in orders]
        rows = self._session.execute(union_all(*(select(one) for one in chosen)))
        joined = join_landmarks(_landmarks(row) for row in rows)
        return joined._replace(last=self._carried(joined.last, end))

    def _carried(self, last: Mark | None, end: int) -> Mark | None:
        """Return the last price with its true end: over hours without rows it holds on."""
        if last is None or last.at % MS_PER_HOUR:
            return last
        behind = select(func.min(PriceHour.hour)).where(
            self._is_mine(PriceHour),
            PriceHour.hour >= from_ms(last.at),
            PriceHour.hour < from_ms(end),
        )
        next_hour = self._session.scalar(behind)
        return last._replace(at=to_ms(next_hour) if next_hour else end)

    def _is_mine(self, hours: type[PriceHour]) -> ColumnElement[bool]:
        return and_(hours.product_id == self._product_id, hours.aggregate == self._aggregate)

    def _sums(self, ranges: Stretches) -> Select[Any]:
        """Return a row for each range that has any hours, moments about the range's start."""
        instant = PriceHour.__table__.c.hour.type
        rows = [(i, from_ms(start), from_ms(end)) for i, (start, end) in enumerate(ranges)]
        columns = {"i": Integer(), "start": instant, "end": instant}
        wanted = recordset(self._session, columns, rows, name="wanted")
        weight = PriceHour.priced_ms / float(MS_PER_HOUR)
        mean_at = hours_between(PriceHour.hour, wanted.c.start) + PriceHour.t
        integral = cast(PriceHour.integral, Double) / MS_PER_HOUR
        return (
            select(
                wanted.c.i,
                func.min(PriceHour.hour).label("first_hour"),
                func.max(PriceHour.hour).label("last_hour"),
                func.min(PriceHour.low).label("low"),
                func.max(PriceHour.high).label("high"),
                func.sum(PriceHour.known_ms).label("known_ms"),
                func.sum(PriceHour.priced_ms).label("priced_ms"),
                exact_sum(PriceHour.integral).label("integral"),
                func.sum(weight * mean_at).label("mean_at"),
                func.sum(PriceHour.tt + weight * mean_at * mean_at).label("spread"),
                func.sum(PriceHour.price_t + integral * mean_at).label("risen"),
            )
            .join(
                wanted,
                and_(PriceHour.hour >= wanted.c.start, PriceHour.hour < wanted.c.end),
            )
            .where(self._is_mine(PriceHour))
            .group_by(wanted.c.i)
        )


def _bar(row: Row[Any], start: int) -> Bar:
    """Return the sums of a range as a bar from its first hour on."""
    first_hour = to_ms(row.first_hour)
    bar = Bar(
        start=first_hour,
        end=to_ms(row.last_hour) + MS_PER_HOUR,
        open=row.open,
        close=row.close,
        low=row.low,
        high=row.high,
        known_ms=row.known_ms,
        priced_ms=row.priced_ms,
        integral=row.integral,
    )
    if bar.priced_ms:
        weight = bar.priced_ms / MS_PER_HOUR
        mean_at = row.mean_at / weight
        bar.t = mean_at - (first_hour - start) / MS_PER_HOUR
        bar.tt = row.spread - weight * mean_at * mean_at
        bar.price_t = row.risen - mean_at * (bar.integral / MS_PER_HOUR)
    return bar


def _landmarks(row: Row[Any]) -> Landmarks:
    start, end = to_ms(row.hour), to_ms(row.hour) + MS_PER_HOUR
    return Landmarks(
        Mark(start, row.open) if row.first is None else Mark(to_ms(row.first_at), row.first),
        Mark(end, row.close) if row.last is None else Mark(to_ms(row.last_until), row.last),
        Mark(to_ms(row.low_at), row.low, row.low_offer_id),
        Mark(to_ms(row.high_at), row.high, row.high_offer_id),
    )

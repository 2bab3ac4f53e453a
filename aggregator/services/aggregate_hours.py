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
        """Return a row for each range that has any hours; its centre counts from its start."""
        instant = PriceHour.__table__.c.hour.type
        rows = [(i, from_ms(start), from_ms(end)) for i, (start, end) in enumerate(ranges)]
        columns = {"i": Integer(), "start": instant, "end": instant}
        wanted = recordset(self._session, columns, rows, name="wanted")
        weight = PriceHour.priced_ms / float(MS_PER_HOUR)
        integral = cast(PriceHour.integral, Double) / MS_PER_HOUR
        t = hours_between(PriceHour.hour, wanted.c.start) + PriceHour.t
        hours = (
            select(
                wanted.c.i,
                *PriceHour.__table__.c,
                weight.label("weight"),
                t.label("mean_at"),
                integral.label("hourly_integral"),
                _mean(weight * t, weight, wanted.c.i).label("centre"),
                _mean(integral, weight, wanted.c.i).label("level"),
            )
            .join(
                wanted,
                and_(PriceHour.hour >= wanted.c.start, PriceHour.hour < wanted.c.end),
            )
            .where(self._is_mine(PriceHour))
            .subquery("hours")
        ).c
        apart = hours.mean_at - hours.centre
        risen = hours.hourly_integral - hours.level * hours.weight
        return select(
            hours.i,
            func.min(hours.hour).label("first_hour"),
            func.max(hours.hour).label("last_hour"),
            func.min(hours.low).label("low"),
            func.max(hours.high).label("high"),
            func.sum(hours.known_ms).label("known_ms"),
            func.sum(hours.priced_ms).label("priced_ms"),
            exact_sum(hours.integral).label("integral"),
            func.max(hours.centre).label("centre"),
            func.sum(hours.tt + hours.weight * apart * apart).label("spread"),
            func.sum(hours.price_t + risen * apart).label("covariance"),
        ).group_by(hours.i)


def _mean(
    total: ColumnElement[Any], weight: ColumnElement[Any], partition: ColumnElement[Any]
) -> ColumnElement[Any]:
    """Return a weighted mean over each range, None where the weights are 0.

    Moments are taken about it: about any other point they would lose digits.
    """
    weights = func.nullif(func.sum(weight).over(partition_by=partition), 0)
    return func.sum(total).over(partition_by=partition) / weights


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
        bar.t = row.centre - (first_hour - start) / MS_PER_HOUR
        bar.tt = row.spread
        bar.price_t = row.covariance
    return bar


def _landmarks(row: Row[Any]) -> Landmarks:
    start, end = to_ms(row.hour), to_ms(row.hour) + MS_PER_HOUR
    return Landmarks(
        Mark(start, row.open) if row.first is None else Mark(to_ms(row.first_at), row.first),
        Mark(end, row.close) if row.last is None else Mark(to_ms(row.last_until), row.last),
        Mark(to_ms(row.low_at), row.low, row.low_offer_id),
        Mark(to_ms(row.high_at), row.high, row.high_offer_id),
    )

"""Sealed hours of an aggregate, added up by the database."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Double,
    FromClause,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.orm import Session, aliased

from aggregator.clock import from_ms, to_ms
from aggregator.history.bars import MS_PER_HOUR, Bar, Stretches
from aggregator.models import PriceHour
from aggregator.recordset import Recordset
from aggregator.sql_functions import exact_sum, hours_between


class _Sums:
    """The query in the words of one kind of database: to build it takes longer than to ask it."""

    def __init__(self, dialect: Dialect) -> None:
        instant = PriceHour.__table__.c.hour.type
        columns = {"i": Integer(), "start": instant, "end": instant}
        self.wanted = Recordset(dialect, columns, name="wanted")
        sums = _sums(self.wanted.table()).subquery("sums")
        first, last = aliased(PriceHour), aliased(PriceHour)
        self.query = (
            select(sums, first.open, last.close)
            .join(first, and_(_is_mine(first), first.hour == sums.c.first_hour))
            .join(last, and_(_is_mine(last), last.hour == sums.c.last_hour))
        )


#: Two databases at most are read from: the first, and its replica.
_prepare = lru_cache(maxsize=2)(_Sums)


def sum_hours(
    session: Session, product_id: UUID, aggregate: str, ranges: Stretches
) -> list[list[Bar]]:
    """Return at most one bar a range."""
    sums = _prepare(session.get_bind().dialect)
    rows = [(i, from_ms(start), from_ms(end)) for i, (start, end) in enumerate(ranges)]
    mine = {"product_id": product_id, "aggregate": aggregate}
    bars: list[list[Bar]] = [[] for _ in ranges]
    for row in session.execute(sums.query, mine | sums.wanted.parameters(rows)):
        bars[row.i].append(_bar(row, ranges[row.i][0]))
    return bars


def _is_mine(hours: type[PriceHour]) -> ColumnElement[bool]:
    return and_(
        hours.product_id == bindparam("product_id"), hours.aggregate == bindparam("aggregate")
    )


def _sums(wanted: FromClause) -> Select[Any]:
    """Return a row for each range that has any hours; its centre counts from its start."""
    weight = PriceHour.priced_ms / float(MS_PER_HOUR)
    integral = cast(PriceHour.integral, Double) / MS_PER_HOUR
    t = hours_between(PriceHour.hour, wanted.c.start) + PriceHour.t
    hours = (
        select(
            wanted.c.i,
            PriceHour.hour,
            PriceHour.low,
            PriceHour.high,
            PriceHour.known_ms,
            PriceHour.priced_ms,
            PriceHour.integral,
            PriceHour.tt,
            PriceHour.price_t,
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
        .where(_is_mine(PriceHour))
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

"""Reading the sealed hours of a product's aggregates."""

from __future__ import annotations

from operator import attrgetter
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.clock import from_ms
from aggregator.history.bars import MS_PER_HOUR, Stretches
from aggregator.history.landmarks import NO_LANDMARKS, join_landmarks
from aggregator.services.hour_landmarks import carry_last, find_hour_landmarks
from aggregator.services.hour_sums import sum_hours
from aggregator.services.hourly_figures import HourlyFigures
from aggregator.services.price_hours import COLUMNS, INSIDE, Hour
from aggregator.sql_functions import json_rows

_HOURS = select(json_rows(*COLUMNS)).where(*INSIDE)
_decode_hours = msgspec.json.Decoder(list[Hour]).decode


def read_aggregate_hours(
    session: Session, product_id: UUID, aggregate: str, ranges: Stretches
) -> HourlyFigures:
    """Return the figures of an aggregate over ranges of hours: at most one bar a range.

    Low and high of ``best`` are told with their offers. Ranges of several hours are added up by
    the database.
    """
    if all(end - start == MS_PER_HOUR for start, end in ranges):
        return _read_single_hours(session, product_id, aggregate, ranges)
    bars = sum_hours(session, product_id, aggregate, ranges)
    start, end = ranges[0][0], ranges[-1][1]
    return HourlyFigures(bars, find_hour_landmarks(session, product_id, aggregate, start, end))


def _read_single_hours(
    session: Session, product_id: UUID, aggregate: str, ranges: Stretches
) -> HourlyFigures:
    """Return the figures over ranges of one hour each."""
    start, end = ranges[0][0], ranges[-1][1]
    mine = {"product_id": product_id, "aggregate": aggregate}
    inside = {"start": from_ms(start), "end": from_ms(end)}
    hours = _decode_hours(session.scalars(_HOURS, mine | inside).one())
    hours.sort(key=attrgetter("start"))
    found = NO_LANDMARKS
    if priced := [hour for hour in hours if hour.low is not None]:
        lowest = min(priced, key=attrgetter("low"))
        highest = max(priced, key=attrgetter("high"))
        marked = (priced[0], priced[-1], lowest, highest)
        found = join_landmarks(hour.landmarks() for hour in marked)
    bars = {hour.start: [hour.bar()] for hour in hours}
    return HourlyFigures([bars.get(start, []) for start, _ in ranges], carry_last(found, bars, end))

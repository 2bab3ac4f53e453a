"""Reading the sealed hours of a single offer."""

from __future__ import annotations

from bisect import bisect_left
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from aggregator.clock import from_ms
from aggregator.history.bars import MS_PER_HOUR, Bar, Stretches, clip
from aggregator.history.codec.offer_hours import find_offer_hour
from aggregator.history.landmarks import join_landmarks
from aggregator.models import OfferFigures
from aggregator.services.hourly_figures import HourlyFigures
from aggregator.sql_functions import epoch_ms

_HOURS = (
    select(epoch_ms(OfferFigures.hour), OfferFigures.figures)
    .where(
        OfferFigures.product_id == bindparam("product_id"),
        OfferFigures.hour >= bindparam("start"),
        OfferFigures.hour < bindparam("end"),
    )
    .order_by(OfferFigures.hour)
)


def read_offer_hours(
    session: Session, product_id: UUID, offer_id: UUID, ranges: Stretches, known: Stretches
) -> HourlyFigures:
    """Return the figures of one offer over ranges of hours: one bar an hour.

    :param known: when we knew.
    """
    start, end = from_ms(ranges[0][0]), from_ms(ranges[-1][1])
    rows = session.execute(_HOURS, {"product_id": product_id, "start": start, "end": end})
    found = [(hour, find_offer_hour(figures, hour, offer_id)) for hour, figures in rows]
    hours = [hour for hour, _ in found]
    bars = [figures.bar if figures else _bar_without(hour, known) for hour, figures in found]
    return HourlyFigures(
        [bars[bisect_left(hours, start) : bisect_left(hours, end)] for start, end in ranges],
        join_landmarks(figures.landmarks for _, figures in found if figures),
    )


def _bar_without(hour: int, known: Stretches) -> Bar:
    """Return the bar of an hour in which the offer was not listed."""
    inside = clip(known, hour, hour + MS_PER_HOUR)
    known_ms = sum(end - start for start, end in inside)
    return Bar(hour, hour + MS_PER_HOUR, None, None, None, None, known_ms)

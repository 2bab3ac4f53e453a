"""Trends: what a product's prices did over a period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.errors import Fault, InvalidInput, OfferNotFound
from aggregator.history.aggregates import BEST
from aggregator.history.bars import Bar, combine_bars
from aggregator.history.buckets import Buckets, choose_buckets
from aggregator.history.change import choose_ends, compute_change
from aggregator.history.period import Period
from aggregator.history.trend import EXACT, HOURLY, Bucket, Trend
from aggregator.models import Offer
from aggregator.services.archive import Archive
from aggregator.services.curves import AggregateCurve, Curve, OfferCurve
from aggregator.services.endpoints import CurveReader
from aggregator.services.series import read_series

#: The shortest interval that a series can have.
_SHORTEST = {EXACT: "PT1M", HOURLY: "PT1H"}


@dataclass(frozen=True, slots=True)
class TrendQuestion:
    """What somebody wants to know of a product's prices."""

    period: Period
    interval: str
    """Of the series: a name, or ``auto``."""
    endpoints: str
    """``nearest`` or ``strict``."""
    aggregate: str = BEST
    offer_id: UUID | None = None
    """One offer's own prices instead of an aggregate."""

    @property
    def is_of_best(self) -> bool:
        """Tell whether it asks for the best price."""
        return self.offer_id is None and self.aggregate == BEST


def get_trend(
    session: Session, product_id: UUID, question: TrendQuestion, *, known_for: timedelta
) -> Trend:
    """Return the trend of a product, or of one of its offers.

    :param known_for: how long we know after a successful poll.
    :raises ProductNotFound: There is no such product.
    :raises OfferNotFound: The product never had the offer.
    :raises InvalidInput: The series would have too many buckets, or the period is empty once
        it is moved to whole hours.
    """
    archive = Archive(session, product_id, known_for=known_for)
    curve = _find_curve(session, product_id, question)
    period = _moved(question.period, archive)
    resolution = HOURLY if archive.lacks_detail(period.start, period.end) else EXACT
    divided = choose_buckets(period, question.interval, shortest=_SHORTEST[resolution])
    boundaries = sorted({archive.nearest_detail(instant) for instant in divided.boundaries})

    reader = CurveReader(archive, curve, archive.known(period.start, period.end + 1))
    series = read_series(reader, boundaries)
    closed = series.closed
    first, last = choose_ends(series.at_start, series.at_end, closed, question.endpoints)
    observed = archive.first_poll is not None and archive.first_poll <= period.end
    can_explain = question.is_of_best and resolution == EXACT
    explanation, like_for_like = reader.explain(first, last) if can_explain else (None, None)
    return Trend(
        product_id=product_id,
        offer_id=question.offer_id,
        aggregate=question.aggregate,
        period=period,
        start=reader.endpoint(first),
        end=reader.endpoint(last),
        change=compute_change(first, last, observed=observed, priced=closed.first is not None),
        explanation=explanation,
        like_for_like=like_for_like,
        low=reader.with_offer(closed.low),
        high=reader.with_offer(closed.high),
        whole=combine_bars(series.bars),
        resolution=resolution,
        interval=divided.interval,
        buckets=_buckets(divided, series.bars),
    )


def _find_curve(session: Session, product_id: UUID, question: TrendQuestion) -> Curve:
    if question.offer_id is None:
        return AggregateCurve(question.aggregate)
    has_it = select(Offer.id).where(Offer.product_id == product_id, Offer.id == question.offer_id)
    if session.scalar(has_it) is None:
        raise OfferNotFound(product_id, question.offer_id)
    return OfferCurve(question.offer_id)


def _moved(period: Period, archive: Archive) -> Period:
    """Return the period that can be answered: whole hours where the detail is gone."""
    start, end = archive.nearest_detail(period.start), archive.nearest_detail(period.end)
    if start == end:
        told = "Of that hour only hourly figures are left. Ask for a period of whole hours."
        raise InvalidInput([Fault("parameter", "from", "detail_gone", told)])
    return replace(period, start=start, end=end)


def _buckets(divided: Buckets, bars: Sequence[Bar]) -> list[Bucket]:
    last = len(bars) - 1
    return [
        Bucket(bar, (divided.first_partial and i == 0) or (divided.last_partial and i == last))
        for i, bar in enumerate(bars)
    ]

"""The summary of one hour: what is kept for ever, once the detail is gone."""

from __future__ import annotations

from typing import NamedTuple

from aggregator.history.aggregates import AGGREGATES, BEST, aggregate_steps, best_offer, offer_steps
from aggregator.history.bars import Bar, Steps, Stretches, make_bars
from aggregator.history.detail import Detail
from aggregator.history.landmarks import Landmarks, Mark, find_landmarks
from aggregator.history.offer_hours import OfferHour, OfferHours


class Figures(NamedTuple):
    """One step function over one hour."""

    bar: Bar
    landmarks: Landmarks


class Summary(NamedTuple):
    """One hour of a product."""

    aggregates: dict[str, Figures]
    """By name; low and high of ``best`` with their offers."""
    offers: OfferHours


def summarise(detail: Detail, known: Stretches) -> Summary:
    """Return the figures of an hour.

    :param detail: of the whole hour.
    :param known: when we knew, at least within the hour.
    """
    aggregates = {
        aggregate: _figures(aggregate_steps(detail, aggregate), detail, known)
        for aggregate in AGGREGATES
    }
    bar, landmarks = aggregates[BEST]
    low, high = _with_offer(landmarks.low, detail), _with_offer(landmarks.high, detail)
    aggregates[BEST] = Figures(bar, landmarks._replace(low=low, high=high))
    opening, closing = detail.listing_at(detail.start), detail.closing()
    offers = [
        OfferHour(
            offer_id,
            opening.get(offer_id),
            closing.get(offer_id),
            *_figures(offer_steps(detail, offer_id), detail, known),
        )
        for offer_id in detail.offers
    ]
    observed_at, last_poll = (detail.last_poll_at(at) for at in (detail.start, detail.end - 1))
    return Summary(aggregates, OfferHours(detail.start, observed_at, last_poll, offers))


def _figures(steps: Steps, detail: Detail, known: Stretches) -> Figures:
    [bar] = make_bars(steps, known, [detail.start, detail.end])
    return Figures(bar, find_landmarks(steps, detail.start, detail.end))


def _with_offer(mark: Mark | None, detail: Detail) -> Mark | None:
    return mark and mark._replace(offer_id=best_offer(detail.listing_at(mark.at)))

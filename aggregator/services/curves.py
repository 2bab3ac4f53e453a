"""Curves: the step functions that a trend can be asked of, from detail and from sealed hours."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from aggregator.history.aggregates import (
    BEST,
    aggregate_of,
    aggregate_steps,
    best_offer,
    offer_steps,
)
from aggregator.history.bars import Bar, Steps, Stretches, Value
from aggregator.history.detail import Detail, Listing
from aggregator.history.landmarks import Landmarks
from aggregator.services.aggregate_hours import AggregateHours
from aggregator.services.archive import Archive
from aggregator.services.offer_hours import OfferHours


class HourlyFigures(Protocol):
    """What sealed hours tell of one step function."""

    def bars(self, ranges: Stretches) -> list[list[Bar]]:
        """Return the bars of each range of whole hours, in order.

        Hours that have no rows leave holes between them: there the price stays what it was,
        and nothing is known.
        """

    def landmarks(self, start: int, end: int) -> Landmarks:
        """Return the landmarks over the whole hours of ``[start, end)`` that have rows."""


class Curve(Protocol):
    """A step function of one product's offers."""

    def value(self, listing: Listing) -> Value:
        """Return its value while these offers are listed."""

    def offer_id(self, listing: Listing) -> UUID | None:
        """Return whose price that is; None where it is no single offer's."""

    def steps(self, detail: Detail) -> Steps:
        """Return it over a stretch whose detail is there."""

    def hours(self, archive: Archive, known: Stretches) -> HourlyFigures:
        """Return it over hours that are sealed."""


class AggregateCurve:
    """An aggregate of all offers."""

    def __init__(self, aggregate: str) -> None:
        self._aggregate = aggregate

    def value(self, listing: Listing) -> Value:
        """Return the aggregate of these offers."""
        return aggregate_of(listing, self._aggregate)

    def offer_id(self, listing: Listing) -> UUID | None:
        """Return the cheapest offer, where the aggregate is ``best``."""
        return best_offer(listing) if self._aggregate == BEST else None

    def steps(self, detail: Detail) -> Steps:
        """Return the aggregate over a stretch."""
        return aggregate_steps(detail, self._aggregate)

    def hours(self, archive: Archive, known: Stretches) -> HourlyFigures:
        """Return the sealed hours of the aggregate."""
        return AggregateHours(archive.session, archive.product_id, self._aggregate)


class OfferCurve:
    """One offer's price while it is buyable."""

    def __init__(self, offer_id: UUID) -> None:
        self._offer_id = offer_id

    def value(self, listing: Listing) -> Value:
        """Return the offer's price, None where it is not buyable."""
        offer = listing.get(self._offer_id)
        return offer.price if offer and offer.is_buyable else None

    def offer_id(self, listing: Listing) -> UUID | None:
        """Return the offer."""
        return self._offer_id

    def steps(self, detail: Detail) -> Steps:
        """Return the offer's price over a stretch."""
        return offer_steps(detail, self._offer_id)

    def hours(self, archive: Archive, known: Stretches) -> HourlyFigures:
        """Return the sealed hours of the offer."""
        return OfferHours(archive.session, archive.product_id, self._offer_id, known)

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
from aggregator.history.bars import Steps, Stretches, Value
from aggregator.history.detail import Detail, Listing
from aggregator.services.aggregate_hours import read_aggregate_hours
from aggregator.services.archive import Archive
from aggregator.services.hourly_figures import HourlyFigures
from aggregator.services.offer_hours import read_offer_hours


class Curve(Protocol):
    """A step function of one product's offers."""

    def value(self, listing: Listing) -> Value:
        """Return its value while these offers are listed."""

    def offer_id(self, listing: Listing) -> UUID | None:
        """Return whose price that is; None where it is no single offer's."""

    def steps(self, detail: Detail) -> Steps:
        """Return it over a stretch whose detail is there."""

    def hours(self, archive: Archive, ranges: Stretches, known: Stretches) -> HourlyFigures:
        """Return it over ranges of whole sealed hours, of which there is at least one."""


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

    def hours(self, archive: Archive, ranges: Stretches, known: Stretches) -> HourlyFigures:
        """Return the sealed hours of the aggregate."""
        return read_aggregate_hours(archive.session, archive.product_id, self._aggregate, ranges)


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

    def hours(self, archive: Archive, ranges: Stretches, known: Stretches) -> HourlyFigures:
        """Return the sealed hours of the offer."""
        return read_offer_hours(archive.session, archive.product_id, self._offer_id, ranges, known)

"""One hour of a product, offer by offer, in figures: what is left when the detail is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from aggregator.history.bars import Bar
from aggregator.history.detail import OfferState
from aggregator.history.landmarks import Landmarks


@dataclass(frozen=True, slots=True)
class OfferHour:
    """One offer over one hour."""

    offer_id: UUID
    opening: OfferState | None
    """At the hour's start, as a poll at that very instant saw it; None where it is not listed."""
    closing: OfferState | None
    """Just before the hour's end; None where it is not listed."""
    bar: Bar
    """Of its price while it is buyable."""
    landmarks: Landmarks


@dataclass(frozen=True, slots=True)
class OfferHours:
    """All offers of a product that are listed at any time of one hour, sorted by id."""

    start: int
    observed_at: int | None
    """The last successful poll at or before the hour's start; None where there was none."""
    last_poll: int | None
    """The last successful poll before the hour's end; None where there was none."""
    offers: Sequence[OfferHour]

    def opening(self) -> dict[UUID, OfferState]:
        """Return the offers listed at the hour's start."""
        return {offer.offer_id: offer.opening for offer in self.offers if offer.opening}

    def closing(self) -> dict[UUID, OfferState]:
        """Return the offers listed just before the hour's end."""
        return {offer.offer_id: offer.closing for offer in self.offers if offer.closing}

"""The products that lead a ranking, with what it takes to tell about their two prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from aggregator.clock import to_ms
from aggregator.history.change import End
from aggregator.models import Offer, PriceSeal, ProductSync
from aggregator.services.mover_ranking import Ranked
from aggregator.services.paging import AnyRow


@dataclass(frozen=True, slots=True)
class Winner:
    """A product that leads a ranking. Instants are milliseconds since 1970."""

    product_id: UUID
    start: int
    """Its price then."""
    end: int
    """Its price now, or the last one it had."""
    polled_at: int
    """The last successful poll."""
    sealed_until: int
    """Hour from which on nothing is sealed."""
    detail_from: int
    """Hour before which there are only hourly figures."""
    offer_id: UUID | None
    """Whose price is the best one now; None where nothing is buyable."""


class Sighting(NamedTuple):
    """One of a product's two prices."""

    end: End
    observed_at: int | None
    """The poll that saw it; None where it is no longer known."""


def find_winners(session: Session, ranked: Sequence[Ranked]) -> list[Winner]:
    """Return what is known of ranked products, in their order."""
    ids = [product_id for product_id, _, _ in ranked]
    query = (
        select(
            PriceSeal.product_id,
            ProductSync.checked_at,
            PriceSeal.sealed_until,
            PriceSeal.detail_from,
        )
        .join(ProductSync, ProductSync.product_id == PriceSeal.product_id)
        .where(PriceSeal.product_id.in_(ids))
    )
    known = {row.product_id: row for row in session.execute(query)}
    best_offers = _find_best_offers(session, ids)
    return [_winner(row, known[row.product_id], best_offers) for row in ranked]


def _winner(ranked: Ranked, known: AnyRow, best_offers: Mapping[UUID, UUID]) -> Winner:
    return Winner(
        product_id=ranked.product_id,
        start=ranked.start,
        end=ranked.end,
        polled_at=to_ms(known.checked_at),
        sealed_until=to_ms(known.sealed_until),
        detail_from=to_ms(known.detail_from),
        offer_id=best_offers.get(ranked.product_id),
    )


def _find_best_offers(session: Session, product_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return of each product that has a price the offer whose price it is."""
    cheapest = and_(
        Offer.product_id == ProductSync.product_id, Offer.price == ProductSync.best_price
    )
    query = (
        select(Offer.product_id, Offer.id)
        .join(ProductSync, cheapest)
        .where(
            Offer.product_id.in_(product_ids), Offer.ended_at.is_(None), Offer.items_in_stock > 0
        )
        # Of several, the one with the smallest id comes last, and stays.
        .order_by(Offer.id.desc())
    )
    return {row.product_id: row.id for row in session.execute(query)}

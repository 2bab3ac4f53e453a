"""What the database holds, as plain values that a test can compare."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine, select

from aggregator.db import reading
from aggregator.models import Offer, PollGap, PricePoint

Figures = dict[str, tuple[int, int]]


def listed_offers(engine: Engine, product_id: UUID) -> Figures:
    """Return price and stock of each listed offer by its id."""
    query = select(Offer).where(Offer.product_id == product_id, Offer.ended_at.is_(None))
    with reading(engine) as session:
        return {str(o.id): (o.price, o.items_in_stock) for o in session.scalars(query)}


def ended_offers(engine: Engine, product_id: UUID) -> set[str]:
    """Return the ids of the offers that ended."""
    query = select(Offer.id).where(Offer.product_id == product_id, Offer.ended_at.is_not(None))
    with reading(engine) as session:
        return {str(id_) for id_ in session.scalars(query)}


def points(engine: Engine, product_id: UUID) -> list[tuple[str, int | None, int | None]]:
    """Return the recorded changes, oldest first, as offer id, price and stock."""
    query = (
        select(PricePoint)
        .where(PricePoint.product_id == product_id)
        .order_by(PricePoint.observed_at, PricePoint.offer_id)
    )
    with reading(engine) as session:
        return [(str(p.offer_id), p.price, p.items_in_stock) for p in session.scalars(query)]


def gaps(engine: Engine, product_id: UUID) -> list[tuple[datetime, datetime, datetime]]:
    """Return the gaps in our knowledge: last poll before, start, end."""
    query = select(PollGap).where(PollGap.product_id == product_id)
    with reading(engine) as session:
        return [(g.last_poll_at, g.started_at, g.ended_at) for g in session.scalars(query)]


def rebuilt(engine: Engine, product_id: UUID) -> list[Figures]:
    """Return the state after each recorded change, rebuilt from history alone."""
    query = (
        select(PricePoint)
        .where(PricePoint.product_id == product_id)
        .order_by(PricePoint.observed_at)
    )
    states: dict[datetime, Figures] = {}
    state: Figures = {}
    with reading(engine) as session:
        for point in session.scalars(query):
            if point.price is None or point.items_in_stock is None:
                del state[str(point.offer_id)]
            else:
                state[str(point.offer_id)] = (point.price, point.items_in_stock)
            states[point.observed_at] = dict(state)
    return list(states.values())

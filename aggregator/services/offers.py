"""Reading offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from aggregator.errors import OfferNotFound, ProductNotFound
from aggregator.models import Offer, Product, ProductSync
from aggregator.services.keyset import fetch_page
from aggregator.services.paging import AnyRow, AnySelect, Page, PageRequest, SortKey
from aggregator.services.products import IS_STALE

SORTS = {
    "price": (SortKey(Offer.price), SortKey(Offer.id)),
    "-price": (SortKey(Offer.price, descending=True), SortKey(Offer.id)),
    "items_in_stock": (SortKey(Offer.items_in_stock), SortKey(Offer.id)),
    "-items_in_stock": (SortKey(Offer.items_in_stock, descending=True), SortKey(Offer.id)),
}

_OFFERS: AnySelect = select(
    Offer.id,
    Offer.product_id,
    Offer.price,
    Offer.items_in_stock,
    Offer.first_seen_at,
    Offer.changed_at,
)


@dataclass(frozen=True, slots=True)
class OffersPage:
    """A page of offers, with how fresh it is."""

    page: Page
    checked_at: datetime | None
    """UTC time of the last successful poll, None before the first."""
    stale: bool


def list_offers(
    session: Session,
    product_id: UUID,
    page: PageRequest,
    *,
    sort: str,
    in_stock: bool | None,
    stale_before: datetime,
) -> OffersPage:
    """Return the offers that were present at the last successful poll.

    :param sort: a key of :data:`SORTS`.
    :param in_stock: True only buyable ones, False only those without stock, None both.
    :raises ProductNotFound: There is no such product.
    """
    freshness = session.execute(
        select(ProductSync.checked_at, IS_STALE).where(ProductSync.product_id == product_id),
        {"stale_before": stale_before},
    ).first()
    if freshness is None:
        raise ProductNotFound(product_id)
    parameters = {"product_id": product_id}
    found = fetch_page(session, select_listed(in_stock), SORTS[sort], page, parameters)
    return OffersPage(found, *freshness)


def select_listed(in_stock: bool | None) -> AnySelect:
    """Return the query for the listed offers of the product that ``product_id`` names.

    :param in_stock: True only buyable ones, False only those without stock, None both.
    """
    query = _OFFERS.where(Offer.product_id == bindparam("product_id"), Offer.ended_at.is_(None))
    if in_stock is None:
        return query
    return query.where(Offer.items_in_stock > 0 if in_stock else Offer.items_in_stock == 0)


def list_ended_offers(
    session: Session, product_id: UUID, *, since: datetime, limit: int
) -> Sequence[AnyRow]:
    """Return the offers that ended at or after an instant and did not come back, latest first.

    Each is as :func:`get_offer` returns it.
    """
    query = _OFFERS.add_columns(Offer.ended_at)
    ended = query.where(Offer.product_id == product_id, Offer.ended_at >= since)
    return session.execute(ended.order_by(Offer.ended_at.desc(), Offer.id).limit(limit)).all()


def get_offer(session: Session, product_id: UUID, offer_id: UUID) -> AnyRow:
    """Return an offer, with ``ended_at`` where it ended.

    :raises ProductNotFound: There is no such product.
    :raises OfferNotFound: The product never had it.
    """
    query = _OFFERS.add_columns(Offer.ended_at)
    row = session.execute(query.where(Offer.product_id == product_id, Offer.id == offer_id)).first()
    if row is not None:
        return row
    if session.scalar(select(Product.id).where(Product.id == product_id)) is None:
        raise ProductNotFound(product_id)
    raise OfferNotFound(product_id, offer_id)

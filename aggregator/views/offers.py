"""``/api/v1/products/{id}/offers``: what the market offers. Read-only."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from aggregator import current
from aggregator.clock import from_ms
from aggregator.db import read_engine, reading
from aggregator.schemas.offers import OfferListQuery, OfferPageSchema, OfferSchema
from aggregator.services import offer_documents, offers, past_offers
from aggregator.services.offer_documents import find_offers_mark
from aggregator.services.paging import PageRequest
from aggregator.views.blueprint import Blueprint
from aggregator.views.documents import unchanged
from aggregator.views.pagination import document_page, page_request, page_response

bp = Blueprint(
    "offers",
    __name__,
    url_prefix="/api/v1/products/<uuid:product_id>/offers",
    description="What the market offers. Read-only: it comes from the offers service.",
)


@bp.get("")
@bp.arguments(OfferListQuery, location="query")
@bp.response(200, OfferPageSchema)
def list_offers(query: dict[str, Any], product_id: UUID) -> Any:
    """List a product's offers, cheapest first.

    They are those present at the last successful poll, or with ``at`` those that were then.
    """
    sort = query["sort"]
    page = page_request(query, offers.SORTS[sort])
    if query["at"] is not None:
        return _list_offers_at(query, product_id, page)
    engine, stale_before = read_engine(), current.stale_before()
    answer = unchanged(partial(find_offers_mark, engine, product_id, stale_before=stale_before))
    if answer:
        return answer
    found = offer_documents.list_offers(
        engine,
        product_id,
        page,
        sort=sort,
        in_stock=query["in_stock"],
        stale_before=stale_before,
    )
    return document_page(found.page, found.freshness)


def _list_offers_at(query: dict[str, Any], product_id: UUID, page: PageRequest) -> Any:
    with reading() as session:
        found = past_offers.list_offers_at(
            session,
            product_id,
            query["at"],
            page,
            sort=query["sort"],
            in_stock=query["in_stock"],
            known_for=current.stale_after(),
        )
    return page_response(
        found.page,
        checked_at=from_ms(found.checked_at) if found.checked_at is not None else None,
        stale=found.stale,
        at=from_ms(found.at),
        resolution=found.resolution,
    )


@bp.get("/<uuid:offer_id>")
@bp.response(200, OfferSchema)
def get_offer(product_id: UUID, offer_id: UUID) -> Any:
    """Return an offer.

    One that ended has its last price and stock, and ``ended_at``.
    """
    with reading() as session:
        return offers.get_offer(session, product_id, offer_id)

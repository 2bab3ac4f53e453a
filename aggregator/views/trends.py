"""``…/trend``: the rise or fall of prices over a period."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aggregator import current
from aggregator.db import reading
from aggregator.schemas.trend_links import with_links
from aggregator.schemas.trends import OfferTrendQuery, TrendQuery, TrendSchema
from aggregator.services.trends import TrendQuestion, get_trend
from aggregator.views.blueprint import Blueprint

bp = Blueprint(
    "trends",
    __name__,
    url_prefix="/api/v1/products/<uuid:product_id>",
    description="The rise or fall of prices over a period, and what is behind it.",
)


@bp.get("/trend")
@bp.arguments(TrendQuery, location="query")
@bp.response(200, TrendSchema)
def get_product_trend(query: dict[str, Any], product_id: UUID) -> Any:
    """Return the trend of a product's prices over a period.

    The change between both ends and what explains it, lowest, highest and average price, and the
    period in parts. An outage of ours is never told as a price, nor a sold-out product as one
    that costs nothing.
    """
    return _answer(product_id, TrendQuestion(**query))


@bp.get("/offers/<uuid:offer_id>/trend")
@bp.arguments(OfferTrendQuery, location="query")
@bp.response(200, TrendSchema)
def get_offer_trend(query: dict[str, Any], product_id: UUID, offer_id: UUID) -> Any:
    """Return the trend of one offer's price over a period.

    The same figures as for a product; ``explain`` and ``like_for_like`` are null.
    """
    return _answer(product_id, TrendQuestion(**query, offer_id=offer_id))


def _answer(product_id: UUID, question: TrendQuestion) -> dict[str, Any]:
    with reading() as session:
        trend = get_trend(session, product_id, question, known_for=current.stale_after())
    return with_links(trend, endpoints=question.endpoints, interval=question.interval)

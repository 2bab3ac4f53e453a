"""``/products/<id>``: what one product costs, and what that price did."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from aggregator.web.pages import page

bp = Blueprint("product_page", __name__, url_prefix="/products")


@bp.get("/<uuid:product_id>")
def show_product(product_id: UUID) -> Response:
    """Show a product: its price and its change in words, the chart, the offers, the history."""
    return page("product.html", product_id=product_id)

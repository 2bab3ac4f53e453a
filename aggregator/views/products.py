"""``/api/v1/products``: the catalogue."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for

from aggregator import current
from aggregator.clock import utc_now
from aggregator.db import reading, unit_of_work
from aggregator.schemas.lists import PageQuery
from aggregator.schemas.products import (
    NewProductSchema,
    PatchProductSchema,
    ProductPageSchema,
    ProductSchema,
    ReplaceProductSchema,
)
from aggregator.services import products
from aggregator.services.registration import register_now
from aggregator.views.blueprint import Blueprint
from aggregator.views.pagination import page_request, page_response

bp = Blueprint("products", __name__, url_prefix="/api/v1/products")


@bp.post("")
@bp.arguments(NewProductSchema)
@bp.response(201, ProductSchema)
def create_product(new: dict[str, Any]) -> Any:
    """Create a product and register it with the offers service."""
    with unit_of_work() as session:
        claim = products.create_product(session, **new, now=utc_now())
    register_now(current.offers_service(), current.recorder(), claim)
    location = url_for(".get_product", product_id=claim.product_id)
    return _product(claim.product_id), {"Location": location}


@bp.get("")
@bp.arguments(PageQuery, location="query")
@bp.response(200, ProductPageSchema)
def list_products(query: dict[str, Any]) -> Any:
    """List products, oldest first."""
    page = page_request(query, products.BY_CREATION)
    with reading() as session:
        found = products.list_products(session, page, stale_before=current.stale_before())
    return page_response(found)


@bp.get("/<uuid:product_id>")
@bp.response(200, ProductSchema)
def get_product(product_id: UUID) -> Any:
    """Return a product."""
    return _product(product_id)


@bp.put("/<uuid:product_id>")
@bp.arguments(ReplaceProductSchema)
@bp.response(200, ProductSchema)
def replace_product(content: dict[str, Any], product_id: UUID) -> Any:
    """Replace a product's name and description."""
    return _update(product_id, content)


@bp.patch("/<uuid:product_id>")
@bp.arguments(PatchProductSchema)
@bp.response(200, ProductSchema)
def patch_product(patch: dict[str, Any], product_id: UUID) -> Any:
    """Change a product's name or description."""
    return _update(product_id, patch)


@bp.delete("/<uuid:product_id>")
@bp.response(204)
def delete_product(product_id: UUID) -> None:
    """Delete a product with its offers and its history."""
    with unit_of_work() as session:
        products.delete_product(session, product_id)


def _update(product_id: UUID, changes: dict[str, Any]) -> Any:
    with unit_of_work() as session:
        products.update_product(session, product_id, changes, now=utc_now())
        return products.get_product(session, product_id, stale_before=current.stale_before())


def _product(product_id: UUID) -> Any:
    with reading() as session:
        return products.get_product(session, product_id, stale_before=current.stale_before())

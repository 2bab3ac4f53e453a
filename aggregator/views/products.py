"""``/api/v1/products``: the catalogue."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Response, jsonify, request, url_for
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.http import quote_etag

from aggregator import current
from aggregator.clock import utc_now
from aggregator.db import reading, unit_of_work
from aggregator.errors import ProductExists
from aggregator.http.entity_tags import not_modified
from aggregator.schemas.idempotency import IdempotencyHeaders
from aggregator.schemas.preconditions import PreconditionHeaders
from aggregator.schemas.products import (
    NewProductSchema,
    PatchProductSchema,
    ProductListQuery,
    ProductPageSchema,
    ProductSchema,
    ReplaceProductSchema,
)
from aggregator.services import catalogue, products
from aggregator.services.catalogue import ProductFilter
from aggregator.services.idempotency import KeyLease, keep_answer
from aggregator.services.registration import register_now
from aggregator.views.blueprint import JSON_TYPES, Blueprint
from aggregator.views.idempotency import answer_of, answer_once
from aggregator.views.pagination import page_request, page_response
from aggregator.views.product_tag import product_tag

bp = Blueprint("products", __name__, url_prefix="/api/v1/products", description="The catalogue.")


@bp.post("")
@bp.arguments(IdempotencyHeaders, location="headers")
@bp.arguments(NewProductSchema)
@bp.response(201, ProductSchema)
@bp.problems(ProductExists)
def create_product(headers: dict[str, Any], new: dict[str, Any]) -> Response:
    """Create a product and register it with the offers service.

    Where that service is slow or down, the answer is 201 all the same, with ``registered_at``
    null, and the product is registered as soon as can be.
    """
    return answer_once(headers["key"], BytesIO(request.get_data()), partial(_create, new))


def _create(new: dict[str, Any], lease: KeyLease | None) -> Response:
    stale_before = current.stale_before()
    with unit_of_work() as session:
        claim = products.create_product(session, **new, now=utc_now())
        if lease:
            product = products.get_product(session, claim.product_id, stale_before=stale_before)
            keep_answer(session, lease, answer_of(_created(product)))
    register_now(current.offers_service(), current.recorder(), claim)
    with reading() as session:
        product = products.get_product(session, claim.product_id, stale_before=stale_before)
        return _created(product)


@bp.get("")
@bp.arguments(ProductListQuery, location="query")
@bp.response(200, ProductPageSchema)
def list_products(query: dict[str, Any]) -> Any:
    """List products, oldest first unless sorted otherwise.

    All conditions hold together, and `total` counts what fulfils them. ``best_price`` and
    ``offers_count`` are those of the last successful poll.
    """
    sort = query["sort"]
    page = page_request(query, catalogue.SORTS[sort])
    wanted = ProductFilter(
        text=query["q"],
        ids=query.get("ids"),
        registered=query["registered"],
        in_stock=query["in_stock"],
        min_price=query["min_price"],
        max_price=query["max_price"],
    )
    with reading() as session:
        found = catalogue.list_products(
            session, page, wanted=wanted, sort=sort, stale_before=current.stale_before()
        )
    return page_response(found)


@bp.get("/<uuid:product_id>")
@bp.response(200, ProductSchema)
def get_product(product_id: UUID) -> Any:
    """Return a product.

    What the market asks for it at the moment stands in ``best_price`` and ``offers_count``.
    """
    stale_before = current.stale_before()
    with reading() as session:
        if request.if_none_match:
            state = products.get_product_state(session, product_id, stale_before=stale_before)
            if response := not_modified(product_tag(state)):
                return response
        return _tagged(products.get_product(session, product_id, stale_before=stale_before))


@bp.put("/<uuid:product_id>")
@bp.arguments(PreconditionHeaders, location="headers")
@bp.arguments(ReplaceProductSchema)
@bp.response(200, ProductSchema)
def replace_product(condition: dict[str, Any], content: dict[str, Any], product_id: UUID) -> Any:
    """Replace a product's name and description.

    A product that the offers service refused is offered to it again at once.
    """
    return _update(product_id, content, condition)


@bp.patch("/<uuid:product_id>")
@bp.arguments(PreconditionHeaders, location="headers")
@bp.arguments(PatchProductSchema)
@bp.response(200, ProductSchema)
def patch_product(condition: dict[str, Any], patch: dict[str, Any], product_id: UUID) -> Any:
    """Change a product's name or description.

    The body is a merge patch (RFC 7396): what is left out stays, and null resets the description.
    """
    return _update(product_id, patch, condition)


@bp.delete("/<uuid:product_id>")
@bp.arguments(PreconditionHeaders, location="headers")
@bp.response(204)
def delete_product(condition: dict[str, Any], product_id: UUID) -> None:
    """Delete a product with its offers and its history.

    A poll that is under way for it writes nothing back.
    """
    with unit_of_work() as session:
        products.delete_product(session, product_id, **condition)


@bp.after_request
def _name_patches(response: Response) -> Response:
    """Tell which patches a product takes, to who asks or sent another (RFC 5789, 3.1)."""
    is_told = request.method == "OPTIONS" or response.status_code == UnsupportedMediaType.code
    if is_told and request.view_args:
        response.headers["Accept-Patch"] = ", ".join(JSON_TYPES)
    return response


def _update(product_id: UUID, changes: dict[str, Any], condition: dict[str, Any]) -> Any:
    stale_before = current.stale_before()
    with unit_of_work() as session:
        products.update_product(session, product_id, changes, **condition, now=utc_now())
        return _tagged(products.get_product(session, product_id, stale_before=stale_before))


def _tagged(product: Any) -> tuple[Any, dict[str, str]]:
    return product, {"ETag": quote_etag(product_tag(product))}


def _created(product: Any) -> Response:
    response = jsonify(ProductSchema().dump(product))
    response.status_code = HTTPStatus.CREATED
    response.headers["Location"] = url_for(".get_product", product_id=product.id)
    response.set_etag(product_tag(product))
    return response

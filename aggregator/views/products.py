"""``/api/v1/products``: the catalogue."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from werkzeug.exceptions import UnsupportedMediaType

from aggregator import current
from aggregator.clock import utc_now
from aggregator.db import db, read_engine, unit_of_work
from aggregator.errors import ProductExists
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
from aggregator.services import catalogue, product_documents, products
from aggregator.services.catalogue import ProductFilter
from aggregator.services.documents import Document
from aggregator.services.idempotency import KeyLease, keep_answer
from aggregator.services.product_documents import find_product, find_product_mark, read_product
from aggregator.services.registration import register_now
from aggregator.views.blueprint import JSON_TYPES, Blueprint
from aggregator.views.documents import document_response, unchanged
from aggregator.views.idempotency import answer_of, answer_once
from aggregator.views.pagination import document_page, page_request

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
        product_id = claim.product_id
        if lease:
            product = read_product(session, product_id, stale_before)
            keep_answer(session, lease, answer_of(_created(product_id, product)))
    register_now(current.offers_service(), current.recorder(), claim)
    return _created(product_id, find_product(db.engine, product_id, stale_before))


@bp.get("")
@bp.arguments(ProductListQuery, location="query")
@bp.response(200, ProductPageSchema)
def list_products(query: dict[str, Any]) -> Any:
    """List products, oldest first unless sorted otherwise.

    All conditions hold together, and `total` counts what fulfils them. ``best_price`` and
    ``offers_count`` are those of the last successful poll.
    """
    sort = query["sort"]
    find = partial(
        product_documents.list_products,
        read_engine(),
        page_request(query, catalogue.SORTS[sort]),
        wanted=ProductFilter(
            text=query["q"],
            ids=query.get("ids"),
            registered=query["registered"],
            in_stock=query["in_stock"],
            min_price=query["min_price"],
            max_price=query["max_price"],
        ),
        sort=sort,
        stale_before=current.stale_before(),
    )
    return unchanged(lambda: find(mark_only=True).mark) or document_page(find())


@bp.get("/<uuid:product_id>")
@bp.response(200, ProductSchema)
def get_product(product_id: UUID) -> Any:
    """Return a product.

    What the market asks for it at the moment stands in ``best_price`` and ``offers_count``.
    """
    asked = (read_engine(), product_id, current.stale_before())
    return unchanged(lambda: find_product_mark(*asked)) or document_response(find_product(*asked))


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


def _update(product_id: UUID, changes: dict[str, Any], condition: dict[str, Any]) -> Response:
    with unit_of_work() as session:
        products.update_product(session, product_id, changes, **condition, now=utc_now())
        return document_response(read_product(session, product_id, current.stale_before()))


def _created(product_id: UUID, product: Document) -> Response:
    response = document_response(product)
    response.status_code = HTTPStatus.CREATED
    response.headers["Location"] = url_for(".get_product", product_id=product_id)
    return response

"""Forms to add, edit and delete a product."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, redirect, request, url_for
from marshmallow import Schema, ValidationError
from werkzeug import Response

from aggregator import current
from aggregator.clock import utc_now
from aggregator.db import reading, unit_of_work
from aggregator.errors import InvalidInput, ProductChanged, ProductExists, ProductNotFound
from aggregator.schemas.base import find_faults
from aggregator.schemas.products import NewProductSchema, ReplaceProductSchema
from aggregator.services import products
from aggregator.services.registration import register_now
from aggregator.web import csrf
from aggregator.web.pages import page

bp = Blueprint("product_forms", __name__, url_prefix="/products")
bp.before_request(csrf.check)

_VERSION = re.compile(r"[0-9]{1,18}")


@bp.get("/new")
def show_new() -> Response:
    """Show the form for a new product."""
    return page("product_new.html", typed={"id": uuid4()}, faults={})


@bp.post("/new")
def create() -> Response:
    """Create a product and register it. The same form sent twice creates it once."""
    typed = _typed("id", "name", "description")
    try:
        new = _load(NewProductSchema(), typed)
    except InvalidInput as error:
        faults = _by_field(error)
        if "id" in faults:
            typed["id"] = str(uuid4())
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return page("product_new.html", status=status, typed=typed, faults=faults)
    try:
        with unit_of_work() as session:
            claim = products.create_product(session, **new, now=utc_now())
    except ProductExists as error:
        return _show_created_before(error.product_id, new)
    register_now(current.offers_service(), current.recorder(), claim)
    return _go_to_product(claim.product_id, "created")


@bp.get("/<uuid:product_id>/edit")
def show_edit(product_id: UUID) -> Response:
    """Show the form to edit a product."""
    stored = _get(product_id)
    typed = {"name": stored.name, "description": stored.description, "version": stored.version}
    return page("product_edit.html", product_id=product_id, typed=typed, faults={})


@bp.post("/<uuid:product_id>/edit")
def edit(product_id: UUID) -> Response:
    """Change a product, unless somebody else did so since the form was opened, or deleted it."""
    typed = _typed("name", "description")
    try:
        content = _load(ReplaceProductSchema(), typed)
    except InvalidInput as error:
        return page(
            "product_edit.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            product_id=product_id,
            typed=typed | {"version": _version()},
            faults=_by_field(error),
        )
    try:
        with unit_of_work() as session:
            products.update_product(
                session, product_id, content, expected=[_version()], now=utc_now()
            )
    except ProductChanged:
        return _show_conflict(product_id, content)
    except ProductNotFound:
        return page(
            "product_new.html",
            status=HTTPStatus.NOT_FOUND,
            typed={**content, "id": uuid4()},
            faults={},
            deleted=True,
        )
    return _go_to_product(product_id, "saved")


@bp.get("/<uuid:product_id>/delete")
def show_delete(product_id: UUID) -> Response:
    """Ask whether a product shall really be deleted."""
    return page("product_delete.html", product=_get(product_id))


@bp.post("/<uuid:product_id>/delete")
def delete(product_id: UUID) -> Response:
    """Delete a product, as it was shown. One that is gone already is as it should be."""
    try:
        with unit_of_work() as session:
            products.delete_product(session, product_id, expected=[_version()])
    except ProductChanged:
        status = HTTPStatus.CONFLICT
        return page("product_delete.html", status=status, product=_get(product_id), changed=True)
    except ProductNotFound:
        pass
    return redirect(url_for("catalogue.show_catalogue", _anchor="deleted"), HTTPStatus.SEE_OTHER)


def _typed(*names: str) -> dict[str, str]:
    """Return what was typed. Browsers send line ends as CR LF, whatever was there before."""
    return {name: request.form.get(name, "").replace("\r\n", "\n") for name in names}


def _version() -> int:
    """Return the version that the form was opened with; one that never is where it is broken."""
    sent = request.form.get("version", "")
    return int(sent) if _VERSION.fullmatch(sent) else 0


def _load(schema: Schema, typed: Mapping[str, str]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(typed)
    except ValidationError as error:
        raise InvalidInput(list(find_faults(error.messages))) from error
    return loaded


def _by_field(error: InvalidInput) -> dict[str, list[str]]:
    """Return the words for what is wrong with each field."""
    faults: dict[str, list[str]] = {}
    for fault in error.faults:
        faults.setdefault(fault.where.removeprefix("/"), []).append(fault.detail)
    return faults


def _get(product_id: UUID) -> Any:
    with reading() as session:
        return products.get_product(session, product_id, stale_before=current.stale_before())


def _holds(stored: Any, content: Mapping[str, Any]) -> bool:
    return (stored.name, stored.description) == (content["name"], content["description"])


def _show_created_before(product_id: UUID, new: Mapping[str, Any]) -> Response:
    """Take a form that was sent twice for one; let one that was changed since make another."""
    stored = _get(product_id)
    if _holds(stored, new):
        return _go_to_product(product_id, "created")
    return page(
        "product_new.html",
        status=HTTPStatus.CONFLICT,
        typed={**new, "id": uuid4()},
        faults={},
        created_before=stored,
    )


def _show_conflict(product_id: UUID, content: Mapping[str, Any]) -> Response:
    """Show what somebody else stored meanwhile beside what was typed, to be decided between."""
    stored = _get(product_id)
    if _holds(stored, content):
        return _go_to_product(product_id, "saved")
    return page(
        "product_edit.html",
        status=HTTPStatus.CONFLICT,
        product_id=product_id,
        typed={**content, "version": stored.version},
        faults={},
        stored=stored,
    )


def _go_to_product(product_id: UUID, what_was_done: str) -> Response:
    where = url_for("product_page.show_product", product_id=product_id, _anchor=what_was_done)
    return redirect(where, HTTPStatus.SEE_OTHER)

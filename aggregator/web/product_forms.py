"""Forms to add, edit and delete a product."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from aggregator.web.pages import page

bp = Blueprint("product_forms", __name__, url_prefix="/products")


@bp.get("/new")
def show_new() -> Response:
    """Show the form for a new product."""
    return page("product_new.html")


@bp.get("/<uuid:product_id>/edit")
def show_edit(product_id: UUID) -> Response:
    """Show the form to edit a product."""
    return page("product_edit.html", product_id=product_id)


@bp.get("/<uuid:product_id>/delete")
def show_delete(product_id: UUID) -> Response:
    """Ask whether a product shall really be deleted."""
    return page("product_delete.html", product_id=product_id)

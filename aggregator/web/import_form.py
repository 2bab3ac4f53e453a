"""``/products/import``: a file of products, looked at before anything is stored."""

from __future__ import annotations

from flask import Blueprint, Response

from aggregator.web.pages import page

bp = Blueprint("import_form", __name__, url_prefix="/products/import")


@bp.get("")
def show_import() -> Response:
    """Show where to drop a file."""
    return page("import.html")

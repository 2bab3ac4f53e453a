"""``/``: the catalogue, to search and to compare."""

from __future__ import annotations

from flask import Blueprint, Response

from aggregator.web.pages import page

bp = Blueprint("catalogue", __name__)


@bp.get("/")
def show_catalogue() -> Response:
    """Show a page of the products that are wanted, each with how its price moved."""
    return page("catalogue.html")

"""``/movers``: what fell and what rose most."""

from __future__ import annotations

from flask import Blueprint, Response

from aggregator.web.pages import page

bp = Blueprint("movers_page", __name__, url_prefix="/movers")


@bp.get("")
def show_movers() -> Response:
    """Show the biggest falls and rises of a period, side by side."""
    return page("movers.html")

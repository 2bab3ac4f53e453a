"""``/status``: whether the figures can be believed, for whoever is on duty."""

from __future__ import annotations

from flask import Blueprint, Response

from aggregator.web.pages import page

bp = Blueprint("status", __name__, url_prefix="/status")


@bp.get("")
def show_status() -> Response:
    """Show how the poller, the data and the offers service are."""
    return page("status.html")

"""``/status``: whether the figures can be believed, for whoever is on duty."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, Response, current_app
from flask.blueprints import BlueprintSetupState

from aggregator import current
from aggregator.db import db
from aggregator.services.health.report import Reporter
from aggregator.web.pages import page
from aggregator.web.shown import age

bp = Blueprint("status", __name__, url_prefix="/status")

_REPORTER = "aggregator.reporter"


@bp.record_once
def _keep_reporter(state: BlueprintSetupState) -> None:
    """Keep what looks at the database for all who ask."""
    app = cast(Flask, state.app)
    with app.app_context():
        reporter = Reporter(current.settings(), db.engine, current.offers_service())
    app.extensions[_REPORTER] = reporter


@bp.get("")
def show_status() -> Response:
    """Show how the poller, the data and the offers service are, whatever the database does."""
    report = cast(Reporter, current_app.extensions[_REPORTER]).report()
    settings = current.settings()
    response = page(
        "status.html",
        report=report,
        now=report.now,
        interval=age(settings.poll_interval_s),
        stale_after=age(settings.stale_after_s),
        max_per_s=settings.poll_max_per_s,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.app_template_filter()
def duration(seconds: float) -> str:
    """Return how long something took: ``84 ms``, ``1.3 s``; ``over 10 s`` where nobody knows."""
    if seconds == float("inf"):
        return "over 10 s"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"

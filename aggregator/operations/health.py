"""``/healthz`` and ``/readyz``: whether the process lives, and whether it can serve."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from flask import Blueprint, Flask, Response, current_app, jsonify

from aggregator import current
from aggregator.db import db
from aggregator.services.health.check import Verdict, worst
from aggregator.services.health.readiness import Readiness

bp = Blueprint("health", __name__)

_READINESS = "aggregator.readiness"
#: What is skipped is so because something else fails.
_STATUS = {Verdict.OK: "ready", Verdict.WARNING: "degraded", Verdict.FAILURE: "unready"}


def init_app(app: Flask) -> None:
    """Register the blueprint, and keep what looks at the database for it."""
    with app.app_context():
        app.extensions[_READINESS] = Readiness(db.engine, stale_after=current.stale_after())
    app.register_blueprint(bp)


@bp.after_request
def _never_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/healthz")
def tell_life() -> Response:
    """Tell that the process lives. Looks at nothing."""
    return jsonify({"status": "alive"})


@bp.get("/readyz")
def tell_readiness() -> tuple[Response, HTTPStatus]:
    """Tell whether this process can serve: 503 where it cannot."""
    checks = cast(Readiness, current_app.extensions[_READINESS]).checks()
    verdict = worst(checks)
    told = [
        {"name": check.name, "verdict": check.verdict, "detail": check.detail} for check in checks
    ]
    failed = verdict is Verdict.FAILURE
    status = HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK
    return jsonify({"status": _STATUS[verdict], "checks": told}), status

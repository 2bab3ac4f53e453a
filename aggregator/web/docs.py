"""``/openapi.json``, and two ways to read it: Swagger UI and ReDoc."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify

from aggregator.web.pages import page

bp = Blueprint("docs", __name__)

# Both put styles into the page while they draw it.
_DRAWN = {"style-src": "'self' 'unsafe-inline'"}


@bp.get("/openapi.json")
def openapi_json() -> Response:
    """Return the OpenAPI document."""
    return jsonify(current_app.extensions["openapi"]())


@bp.get("/docs")
def swagger_ui() -> Response:
    """Show the document, with forms to try every operation out."""
    return page("swagger_ui.html", policy=_DRAWN)


@bp.get("/redoc")
def redoc() -> Response:
    """Show the document as something to read."""
    return page("redoc.html", policy=_DRAWN | {"worker-src": "'self' blob:"})

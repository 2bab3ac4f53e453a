"""``…/history``: every recorded change, as pages of JSON or as a stream."""

from __future__ import annotations

from itertools import chain
from typing import Any
from uuid import UUID

from flask import Response, request

from aggregator.db import db, reading
from aggregator.errors import Fault, InvalidInput
from aggregator.schemas.changes import CSV, JSON, NDJSON, ChangeListQuery, ChangePageSchema
from aggregator.services import changes
from aggregator.services.changes import ChangesQuestion
from aggregator.views.blueprint import Blueprint
from aggregator.views.pagination import PAGING, page_request, page_response
from aggregator.views.streams import stream_csv, stream_ndjson

bp = Blueprint("history", __name__, url_prefix="/api/v1/products/<uuid:product_id>/history")

_FORMATS = {"application/json": JSON, "text/csv": CSV, "application/x-ndjson": NDJSON}
_STREAMS = {CSV: stream_csv, NDJSON: stream_ndjson}


@bp.get("")
@bp.arguments(ChangeListQuery, location="query")
@bp.response(200, ChangePageSchema)
def list_changes(query: dict[str, Any], product_id: UUID) -> Any:
    """List the changes of a product's offers in a period, oldest first."""
    period, sort = query["period"], query["sort"]
    question = ChangesQuestion(period.start, period.end, query["offer_id"], sort == "-at")
    chosen = query["format"] or _accepted_format()
    if chosen != JSON:
        return _stream(product_id, question, chosen)
    page = page_request(query, changes.SORTS[sort])
    with reading() as session:
        found = changes.list_changes(session, product_id, question, page)
    return page_response(found.page, period=period, resolution=found.resolution)


def _accepted_format() -> str:
    best = request.accept_mimetypes.best_match(list(_FORMATS), default="application/json")
    return _FORMATS[best]


def _stream(product_id: UUID, question: ChangesQuestion, chosen: str) -> Response:
    """Return all changes; what can go wrong at once goes wrong before the first byte."""
    given = [name for name in request.args if name in PAGING]
    if given:
        told = "A stream has no pages."
        raise InvalidInput([Fault("parameter", name, "conflict", told) for name in given])
    pages = changes.iter_pages(db.engine, product_id, question)
    first = next(pages)
    stream = _STREAMS[chosen](chain([first], pages))
    media_type = next(media for media, name in _FORMATS.items() if name == chosen)
    name = f"history-{product_id}.{chosen}"
    return Response(
        stream,
        content_type=f"{media_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )

"""``…/history``: every recorded change, as pages of JSON or as a stream."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from aggregator.bulk import CSV, JSON, NDJSON
from aggregator.db import read_engine, reading
from aggregator.errors import Fault, InvalidInput
from aggregator.history.detail import Event
from aggregator.http.cursors import PAGING
from aggregator.schemas.changes import ChangeListQuery, ChangePageSchema
from aggregator.schemas.numbers import format_ms
from aggregator.services import changes
from aggregator.services.changes import ChangesQuestion
from aggregator.views.blueprint import Blueprint
from aggregator.views.pagination import page_request, page_response
from aggregator.views.streams import accepted_format, stream_file

bp = Blueprint(
    "history",
    __name__,
    url_prefix="/api/v1/products/<uuid:product_id>/history",
    description="Every change of every offer.",
)


@bp.get("")
@bp.arguments(ChangeListQuery, location="query")
@bp.response(200, ChangePageSchema)
def list_changes(query: dict[str, Any], product_id: UUID) -> Any:
    """List the changes of a product's offers in a period, oldest first.

    As JSON they come in pages; as CSV or NDJSON, by ``format`` or ``Accept``, all at once.
    """
    period, sort = query["period"], query["sort"]
    question = ChangesQuestion(period.start, period.end, query["offer_id"], sort == "-at")
    format_ = query["format"] or accepted_format(JSON, CSV, NDJSON)
    if format_ != JSON:
        return _stream(product_id, question, format_)
    page = page_request(query, changes.SORTS[sort])
    with reading() as session:
        found = changes.list_changes(session, product_id, question, page)
    return page_response(found.page, period=period, resolution=found.resolution)


def _stream(product_id: UUID, question: ChangesQuestion, format_: str) -> Response:
    """Return all changes; what can go wrong at once goes wrong before the first byte."""
    given = [name for name in request.args if name in PAGING]
    if given:
        told = "A stream has no pages."
        raise InvalidInput([Fault("parameter", name, "conflict", told) for name in given])
    pages = changes.iter_pages(read_engine(), product_id, question)
    rows = (map(_to_row, page) for page in pages)
    return stream_file(format_, Event._fields, rows, name=f"history-{product_id}")


def _to_row(event: Event) -> dict[str, Any]:
    return event._asdict() | {"at": format_ms(event.at)}

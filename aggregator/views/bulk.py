"""``/api/v1/products/import`` and ``…/export``: the whole catalogue as a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Response, jsonify, request
from werkzeug.exceptions import UnsupportedMediaType

from aggregator import current
from aggregator.bulk import CSV, MAX_BYTES, MEDIA_TYPES, NDJSON
from aggregator.bulk.rows import FailedRow, ProductRow
from aggregator.clock import utc_now
from aggregator.db import read_engine, unit_of_work
from aggregator.errors import ImportFailed
from aggregator.schemas.idempotency import IdempotencyHeaders
from aggregator.schemas.imports import (
    COLUMNS,
    SKIP,
    ExportQuery,
    ImportQuery,
    ImportReportSchema,
    ImportRowSchema,
    read_products,
)
from aggregator.schemas.products import ProductSchema
from aggregator.services import exports, imports
from aggregator.services.idempotency import KeyLease, keep_answer
from aggregator.views.blueprint import Blueprint
from aggregator.views.bodies import spooled_body
from aggregator.views.idempotency import answer_of, answer_once
from aggregator.views.streams import accepted_format, stream_file

bp = Blueprint(
    "bulk",
    __name__,
    url_prefix="/api/v1/products",
    description="The whole catalogue as a file: in and out.",
)

_FORMATS = {media_type: format_ for format_, media_type in MEDIA_TYPES.items()}


@bp.post("/import")
@bp.arguments(IdempotencyHeaders, location="headers")
@bp.arguments(ImportQuery, location="query")
@bp.reads_file(ImportRowSchema, *_FORMATS)
@bp.response(200, ImportReportSchema)
@bp.problems(ImportFailed)
def import_products(headers: dict[str, Any], query: dict[str, Any]) -> Response:
    """Create the products of a file: JSON, NDJSON or CSV, up to 10,000 rows.

    All or nothing, unless `on_error=skip`. The same file sent again changes nothing.
    """
    format_ = _sent_format()
    # All of it is here before anything is stored: a connection cut in the middle leaves nothing.
    with spooled_body(request, MAX_BYTES) as body:
        rows = list(read_products(body, format_))
        return answer_once(headers["key"], body, partial(_import, rows, query))


def _import(
    rows: Sequence[ProductRow | FailedRow], query: dict[str, Any], lease: KeyLease | None
) -> Response:
    with unit_of_work() as session:
        report = imports.import_products(
            session,
            rows,
            skip_failed=query["on_error"] == SKIP,
            dry_run=query["dry_run"],
            now=utc_now(),
        )
        response = jsonify(ImportReportSchema().dump(report))
        if lease:
            keep_answer(session, lease, answer_of(response))
    return response


@bp.get("/export")
@bp.arguments(ExportQuery, location="query")
def export_products(query: dict[str, Any]) -> Response:
    """Return all products as NDJSON or CSV, oldest first.

    The file can be imported. Text in CSV that a spreadsheet would execute has a `'` before it,
    which an import takes away again.
    """
    format_ = query["format"] or accepted_format(NDJSON, CSV)
    schema = ProductSchema(many=True)
    pages = exports.iter_pages(read_engine(), stale_before=current.stale_before())
    return stream_file(format_, COLUMNS, map(schema.dump, pages), name="products")


def _sent_format() -> str:
    """Return the format that the body claims to have.

    :raises UnsupportedMediaType: None that is read here.
    """
    format_ = _FORMATS.get(request.mimetype)
    if format_ is None:
        told = f"Send JSON, NDJSON or CSV, with the header Content-Type: {', '.join(_FORMATS)}."
        raise UnsupportedMediaType(told)
    if request.mimetype_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType("Send the file in UTF-8.")
    return format_

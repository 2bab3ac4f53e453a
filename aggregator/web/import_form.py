"""``/products/import``: a file of products, looked at before anything is stored."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from pathlib import PurePath

from flask import Blueprint, Response, request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from aggregator.bulk import CSV, JSON, MAX_BYTES, MAX_ROWS, MEDIA_TYPES, NDJSON
from aggregator.clock import utc_now
from aggregator.db import reading, unit_of_work
from aggregator.errors import Fault, ImportFailed, InvalidInput, UnreadableFile
from aggregator.schemas.imports import read_products
from aggregator.services.imports import import_products
from aggregator.web import csrf
from aggregator.web.pages import page

bp = Blueprint("import_form", __name__, url_prefix="/products/import")

CHECK, IMPORT, SKIP = "check", "import", "skip"
#: For what a form has beside the file.
_OVERHEAD = 64 * 1024
_BY_SUFFIX = {".csv": CSV, ".json": JSON, ".ndjson": NDJSON, ".jsonl": NDJSON}
_BY_TYPE = {media_type: format_ for format_, media_type in MEDIA_TYPES.items()}
_BAD_STEP = Fault("parameter", "do", "choice", f"This must be {CHECK}, {IMPORT} or {SKIP}.")


@bp.before_request
def _allow_large_file() -> None:
    request.max_content_length = MAX_BYTES + _OVERHEAD
    if (request.content_length or 0) > request.max_content_length:
        told = f"The file has over {MAX_BYTES // 2**20} MiB. Split it and import the parts."
        raise RequestEntityTooLarge(told)


bp.before_request(csrf.check)


@bp.get("")
def show_import() -> Response:
    """Show where to drop a file."""
    return _show()


@bp.post("")
def import_file() -> Response:
    """Show what importing a file would do, or import it."""
    step, file = request.form.get("do"), request.files.get("file")
    if step not in (CHECK, IMPORT, SKIP):
        raise InvalidInput([_BAD_STEP])
    if not file or not file.filename:
        return _show(HTTPStatus.UNPROCESSABLE_ENTITY, unreadable=["Choose a file."])
    try:
        return _import(file, step)
    except InvalidInput as error:
        told = [f"{fault.where.removeprefix('/')} {fault.detail}".strip() for fault in error.faults]
        return _show(HTTPStatus.UNPROCESSABLE_ENTITY, unreadable=told)
    except UnreadableFile as error:
        return _show(HTTPStatus.BAD_REQUEST, unreadable=[str(error)])


def _import(file: FileStorage, step: str) -> Response:
    rows = list(read_products(file.stream, _format(file)))
    try:
        with reading() if step == CHECK else unit_of_work() as session:
            report = import_products(
                session,
                rows,
                skip_failed=step != IMPORT,
                dry_run=step == CHECK,
                now=utc_now(),
            )
    except ImportFailed as error:
        return _show(HTTPStatus.UNPROCESSABLE_ENTITY, report=error.report, refused=True)
    return _show(report=report)


def _format(file: FileStorage) -> str:
    """Return the format that a file has by its name, or else by its type.

    :raises UnreadableFile: None that is read here.
    """
    suffix = PurePath(file.filename or "").suffix.lower()
    format_ = _BY_SUFFIX.get(suffix) or _BY_TYPE.get(file.mimetype)
    if format_ is None:
        raise UnreadableFile("This is no file of a kind that is read here: CSV, JSON or NDJSON.")
    return format_


def _show(
    status: HTTPStatus = HTTPStatus.OK,
    *,
    report: object = None,
    refused: bool = False,
    unreadable: Sequence[str] = (),
) -> Response:
    """Return the page.

    :param report: what an import did, or would do.
    :param refused: it did nothing, since some rows failed.
    :param unreadable: why there is no report.
    """
    file = request.files.get("file")
    return page(
        "import.html",
        status=status,
        name=file.filename if file else None,
        max_bytes=MAX_BYTES,
        max_rows=MAX_ROWS,
        report=report,
        refused=refused,
        unreadable=unreadable,
    )

"""Every error as ``application/problem+json`` (RFC 9457), or for people as a page: one table."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, current_app, jsonify, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed

from aggregator.database_errors import DATABASE_UNAVAILABLE, first_line
from aggregator.errors import (
    AggregatorError,
    Fault,
    IdempotencyKeyInUse,
    ImportFailed,
    InsufficientScope,
    InvalidInput,
    Unauthorized,
)
from aggregator.http.api_calls import is_api_call
from aggregator.http.problem_types import BY_ERROR, BY_STATUS, ProblemType
from aggregator.http.problem_types import DATABASE_UNAVAILABLE as DATABASE_AWAY
from aggregator.log import request_id
from aggregator.schemas.imports import ImportReportSchema

log = structlog.get_logger(__name__)

_RETRY_AFTER_S = 5
_BEARER = 'Bearer realm="product-aggregator"'
_MEDIA_TYPE = "application/problem+json"
_PAGE = "aggregator.problem_page"
#: What HTTP asks for beside the document.
_HEADERS: dict[type[AggregatorError], dict[str, str]] = {
    Unauthorized: {"WWW-Authenticate": _BEARER},
    InsufficientScope: {
        "WWW-Authenticate": f'{_BEARER}, error="insufficient_scope", scope="write"'
    },
    IdempotencyKeyInUse: {"Retry-After": "1"},
}


def init_app(app: Flask) -> None:
    """Answer every exception of the application, routing errors included."""
    for error in BY_ERROR:
        app.register_error_handler(error, _domain_problem)
    for unavailable in DATABASE_UNAVAILABLE:
        app.register_error_handler(unavailable, _database_unavailable)
    app.register_error_handler(ParseException, _broken_body)
    app.register_error_handler(HTTPException, _http_problem)


def show_as_page(app: Flask, render: Callable[[dict[str, Any]], Response]) -> None:
    """Answer people, who open addresses outside of the API, with pages.

    :param render: returns the page of a problem, given the members of its document.
    """
    app.extensions[_PAGE] = render


def problem(type_: ProblemType, detail: str, **more: Any) -> Response:
    """Return a problem response.

    :param detail: what is wrong this time.
    :param more: members of the document beside the usual ones.
    """
    return _document(type_.path, type_.title, type_.status, detail, **more)


def _document(path: str, title: str, status: HTTPStatus, detail: str, **more: Any) -> Response:
    members = {
        "type": path,
        "title": title,
        "status": int(status),
        "detail": detail,
        "instance": request.path,
        "request_id": request_id(),
        **more,
    }
    if _is_for_people():
        response: Response = current_app.extensions[_PAGE](members)
    else:
        response = jsonify(members)
        response.mimetype = _MEDIA_TYPE
    response.status_code = int(status)
    if not is_api_call():
        response.vary.add("Accept")
    return response


def _is_for_people() -> bool:
    wanted = request.accept_mimetypes.best_match([_MEDIA_TYPE, "application/json", "text/html"])
    return wanted == "text/html" and not is_api_call()


def _domain_problem(error: AggregatorError) -> Response:
    more: dict[str, Any] = {}
    if isinstance(error, InvalidInput):
        more["errors"] = [_tell(fault) for fault in error.faults]
    elif isinstance(error, ImportFailed):
        more.update(ImportReportSchema().dump(error.report))
    response = problem(BY_ERROR[type(error)], str(error), **more)
    response.headers.update(_HEADERS.get(type(error), {}))
    if isinstance(error, Unauthorized) and error.token_sent:
        response.headers["WWW-Authenticate"] += ', error="invalid_token"'
    return response


def _tell(fault: Fault) -> dict[str, str]:
    return {fault.location: fault.where, "code": fault.code, "detail": fault.detail}


def _database_unavailable(error: Exception) -> Response:
    log.warning("database_unavailable", reason=first_line(error))
    response = problem(
        DATABASE_AWAY, "The database cannot be used at the moment. Try again in a few seconds."
    )
    response.headers["Retry-After"] = str(_RETRY_AFTER_S)
    return response


def _broken_body(_error: ParseException) -> Response:
    # gunicorn finds out about broken chunks only when the application reads the body.
    return _http_problem(BadRequest("The body is not framed as its headers say."))


def _http_problem(error: HTTPException) -> Response:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()  # type: ignore[return-value]
    status = HTTPStatus(error.code)
    # Werkzeug's own words; those of an unforeseen exception never get here.
    if status in BY_STATUS:
        response = problem(BY_STATUS[status], error.description or status.phrase)
    else:
        response = _document("about:blank", status.phrase, status, error.description or "")
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response

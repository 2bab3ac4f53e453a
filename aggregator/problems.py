"""Every error as ``application/problem+json`` (RFC 9457): one table, one shape."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, jsonify, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed

from aggregator import request_log
from aggregator.db import DATABASE_UNAVAILABLE, first_line
from aggregator.errors import (
    AggregatorError,
    Fault,
    InvalidInput,
    OfferNotFound,
    ProductExists,
    ProductNotFound,
)

log = structlog.get_logger(__name__)

#: domain error: status, slug, title
_DOMAIN: dict[type[AggregatorError], tuple[HTTPStatus, str, str]] = {
    ProductNotFound: (HTTPStatus.NOT_FOUND, "product-not-found", "Product not found"),
    OfferNotFound: (HTTPStatus.NOT_FOUND, "offer-not-found", "Offer not found"),
    ProductExists: (HTTPStatus.CONFLICT, "product-exists", "Product exists already"),
}
#: HTTP status: slug, title. Any other has the slug of its own phrase.
_HTTP = {
    HTTPStatus.BAD_REQUEST: ("unreadable-request", "Unreadable request"),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("internal-error", "Internal error"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("body-too-large", "Body too large"),
}
_RETRY_AFTER_S = 5


def init_app(app: Flask) -> None:
    """Answer every exception of the application, routing errors included."""
    for error in _DOMAIN:
        app.register_error_handler(error, _domain_problem)
    app.register_error_handler(InvalidInput, _invalid_input)
    for unavailable in DATABASE_UNAVAILABLE:
        app.register_error_handler(unavailable, _database_unavailable)
    app.register_error_handler(ParseException, _broken_body)
    app.register_error_handler(HTTPException, _http_problem)


def problem(
    status: HTTPStatus, slug: str, title: str, detail: str, faults: list[Fault] | None = None
) -> Response:
    """Return a problem response.

    :param slug: names the page that explains this kind of problem.
    :param detail: what is wrong this time.
    :param faults: each place of the request that is wrong.
    """
    body: dict[str, Any] = {
        "type": f"/problems/{slug}",
        "title": title,
        "status": int(status),
        "detail": detail,
        "instance": request.path,
        "request_id": request_log.request_id(),
    }
    if faults:
        body["errors"] = [
            {fault.location: fault.where, "code": fault.code, "detail": fault.detail}
            for fault in faults
        ]
    response = jsonify(body)
    response.status_code = int(status)
    response.mimetype = "application/problem+json"
    return response


def _domain_problem(error: AggregatorError) -> Response:
    return problem(*_DOMAIN[type(error)], detail=str(error))


def _invalid_input(error: InvalidInput) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return problem(status, "invalid-input", "Invalid input", str(error), error.faults)


def _database_unavailable(error: Exception) -> Response:
    log.warning("database_unavailable", reason=first_line(error))
    response = problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "database-unavailable",
        "Database unavailable",
        "The database cannot be reached at the moment. Try again in a few seconds.",
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
    slug, title = _HTTP.get(status, (status.phrase.lower().replace(" ", "-"), status.phrase))
    # Werkzeug's own words; those of an unforeseen exception never get here.
    response = problem(status, slug, title, error.description or title)
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response

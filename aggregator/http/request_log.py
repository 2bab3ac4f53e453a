"""One line a request, and the request's id in everything that is logged meanwhile."""

from __future__ import annotations

import re
import secrets
import time
from http import HTTPStatus
from types import TracebackType
from urllib.parse import unquote

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.exceptions import BadRequest

log = structlog.get_logger(__name__)

ExcInfo = tuple[type, BaseException, TracebackType] | tuple[None, None, None]

HEADER = "X-Request-ID"
#: Asked for every few seconds: what goes well there is not worth a line.
_PROBES = ("/healthz", "/readyz")
_SANE = re.compile(r"[A-Za-z0-9._~:/+=@-]{1,128}")


def init_app(app: Flask) -> None:
    """Log every request of the application."""
    app.before_request(_begin)
    app.after_request(_end)
    app.log_exception = _log_crash  # type: ignore[method-assign]
    app.teardown_request(lambda _error: clear_contextvars())


def _begin() -> None:
    sent = request.headers.get(HEADER, "")
    request_id = sent if _SANE.fullmatch(sent) else secrets.token_hex(16)
    g.request_id, g.started = request_id, time.perf_counter()
    clear_contextvars()
    bind_contextvars(request_id=request_id)
    if "\0" in request.path:
        raise BadRequest("The path holds a NUL character.")
    try:
        unquote(request.query_string, errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("The parameters are not in UTF-8.") from None


def _log_crash(exc_info: ExcInfo) -> None:
    log.error("request_crashed", method=request.method, path=request.path, exc_info=exc_info)


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    path, status = request.path, response.status_code
    if path in _PROBES and status == HTTPStatus.OK:
        return response
    log.info(
        "request",
        method=request.method,
        path=path,
        status=status,
        ms=round((time.perf_counter() - g.started) * 1000, 1),
    )
    return response

"""Answers in gzip, for clients that accept it."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, g, request
from flask_compress import Compress

_GZIP = "gzip"
#: How flask-compress ends the strong entity tag of a compressed answer: other bytes, another tag.
_MARK = f':{_GZIP}"'
_MIMETYPES = [
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/openmetrics-text",
    "application/x-ndjson",
    "image/svg+xml",
    "text/css",
    "text/csv",
    "text/html",
    "text/javascript",
    "text/plain",
]


class _Compress(Compress):
    """Flask-Compress that takes ``gzip;q=0`` for a no, and leaves parts of files alone."""

    def after_request(self, response: Response | None) -> Response:
        """Compress a response, unless the client would not have it."""
        if response is None:
            return super().after_request(response)
        is_part = response.status_code == HTTPStatus.PARTIAL_CONTENT
        if is_part or not request.accept_encodings[_GZIP]:
            response.vary.add("Accept-Encoding")
            return response
        # It reads a stream, and forgets to close the file or the query behind it.
        if close := getattr(response.response, "close", None):
            response.call_on_close(close)
        return super().after_request(response)


def init_app(app: Flask) -> None:
    """Compress what is worth it; streams while they are written.

    What stands behind knows only the tags of plain answers. Clients may send either.
    """
    app.config.update(
        COMPRESS_ALGORITHM=[_GZIP],
        COMPRESS_ALGORITHM_STREAMING=[_GZIP],
        COMPRESS_EVALUATE_CONDITIONAL_REQUEST=False,
        COMPRESS_MIMETYPES=_MIMETYPES,
    )
    app.before_request(_unmark_tags)
    app.after_request(_mark_tag)
    _Compress(app)


def _unmark_tags() -> None:
    environ = request.environ
    g.if_none_match = environ.get("HTTP_IF_NONE_MATCH", "")
    for name in ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"):
        if name in environ:
            environ[name] = environ[name].replace(_MARK, '"')


def _mark_tag(response: Response) -> Response:
    """Give a 304 the tag that the client sent: that of the bytes that it has."""
    if response.status_code == HTTPStatus.NOT_MODIFIED:
        tag, _ = response.get_etag()
        if tag and f'"{tag}{_MARK}' in g.if_none_match:
            response.set_etag(f"{tag}:{_GZIP}")
    return response

"""Entity tags: who has a representation already is not sent it again (RFC 9110, 13)."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, request


def init_app(app: Flask) -> None:
    """Tag all JSON that is read, and answer 304 where the client has it.

    What compresses answers must be registered before: it then works on what comes of this.
    """
    app.after_request(_tag)


def not_modified(tag: str) -> Response | None:
    """Return 304 where the client has the representation with this tag; else None."""
    if not _has(tag):
        return None
    response = Response(status=HTTPStatus.NOT_MODIFIED)
    response.set_etag(tag)
    return response


def _tag(response: Response) -> Response:
    if (
        request.method not in ("GET", "HEAD")
        or response.status_code != HTTPStatus.OK
        or response.mimetype != "application/json"
        or response.is_streamed
    ):
        return response
    response.add_etag()
    tag, _weak = response.get_etag()
    if tag and _has(tag):
        # Werkzeug then leaves out the body, and the headers that describe it.
        response.status_code = HTTPStatus.NOT_MODIFIED
    return response


def _has(tag: str) -> bool:
    """Tell whether the client has the representation with this tag."""
    return request.if_none_match.contains_weak(tag)

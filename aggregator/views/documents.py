"""Answers that are JSON already."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request

from aggregator.http.entity_tags import not_modified
from aggregator.services.documents import Document


def document_response(document: Document) -> Response:
    """Return a document, tagged by its mark; the line feed at its end is for people with curl."""
    response = Response(f"{document.json}\n", mimetype="application/json")
    response.set_etag(document.mark)
    return response


def unchanged(find_mark: Callable[[], str]) -> Response | None:
    """Return 304 where the client has the present representation; None otherwise.

    :param find_mark: is called only where the client has any.
    """
    return not_modified(find_mark()) if request.if_none_match else None

"""Links and totals: a page of a list in terms of HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, request

from aggregator.http.cursors import decode_cursor, encode_cursor, list_url
from aggregator.services.documents import Document, DocumentPage
from aggregator.services.paging import Page, PageRequest, SortKey
from aggregator.views.documents import document_response


def page_request(query: dict[str, Any], keys: Sequence[SortKey]) -> PageRequest:
    """Return which rows a list's parameters ask for.

    :param query: loaded by a :class:`~aggregator.schemas.lists.PageQuery`.
    :param keys: what the list is sorted by.
    :raises InvalidInput: The cursor is damaged, or belongs to another list.
    """
    cursor = query["cursor"]
    after = decode_cursor(cursor, keys) if cursor is not None else None
    return PageRequest(query["limit"], after, with_total=query["include"] == "total")


def page_response(page: Page, **more: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a page's body, to be dumped by its schema, and its headers.

    :param more: members of the body beside ``items``, ``links`` and ``total``.
    """
    links = _links(page.next)
    body = {"items": page.rows, "links": links, "total": page.total, **more}
    return body, {"Link": _header(links)}


def document_page(page: DocumentPage, more: str = "") -> Response:
    """Return a page whose items are JSON already.

    :param more: what the body's JSON has beside ``items``, ``links`` and ``total``, without braces.
    """
    links = _links(page.next)
    told = {"links": links} if page.total is None else {"total": page.total, "links": links}
    members = (f'"items":[{",".join(page.items)}]', more, current_app.json.dumps(told)[1:-1])
    response = document_response(Document(page.mark, f"{{{','.join(filter(None, members))}}}"))
    response.headers["Link"] = _header(links)
    return response


def _links(following: tuple[Any, ...] | None) -> dict[str, str | None]:
    """Return where this page is and the one behind it."""
    return {
        "self": list_url(request.args.get("cursor")),
        "next": None if following is None else list_url(encode_cursor(following)),
    }


def _header(links: dict[str, str | None]) -> str:
    return ", ".join(f'<{url}>; rel="{relation}"' for relation, url in links.items() if url)

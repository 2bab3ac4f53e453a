"""Links and totals: a page of a list in terms of HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request

from aggregator.http.cursors import decode_cursor, encode_cursor, list_url
from aggregator.services.paging import Page, PageRequest, SortKey


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
    following = None if page.next is None else encode_cursor(page.next)
    links = {
        "self": list_url(request.args.get("cursor")),
        "next": following and list_url(following),
    }
    header = ", ".join(f'<{url}>; rel="{relation}"' for relation, url in links.items() if url)
    body = {"items": page.rows, "links": links, "total": page.total, **more}
    return body, {"Link": header}

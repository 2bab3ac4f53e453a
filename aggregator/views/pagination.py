"""Cursors and links: a page of a list in terms of HTTP."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from flask import request
from werkzeug.datastructures import MultiDict

from aggregator.errors import Fault, InvalidInput
from aggregator.services.paging import Page, PageRequest, SortKey

#: Parameters that choose a page, not a list.
PAGING = {"cursor", "limit", "include"}
_SEAL_BYTES = 6
#: What a database takes for a column of each type: a forged cursor may hold anything.
_STORABLE: dict[type, Any] = {
    datetime: Annotated[datetime, msgspec.Meta(tz=True)],
    int: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
    UUID: UUID,
    str: Annotated[str, msgspec.Meta(pattern=r"\A[^\0]*\Z")],
}


def page_request(query: dict[str, Any], keys: Sequence[SortKey]) -> PageRequest:
    """Return which rows a list's parameters ask for.

    :param query: loaded by a :class:`~aggregator.schemas.lists.PageQuery`.
    :param keys: what the list is sorted by.
    :raises InvalidInput: The cursor is damaged, or belongs to another list.
    """
    cursor = query["cursor"]
    after = _decode(cursor, keys) if cursor is not None else None
    return PageRequest(query["limit"], after, with_total=query["include"] == "total")


def page_response(page: Page, **more: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a page's body, to be dumped by its schema, and its headers.

    :param more: members of the body beside ``items``, ``links`` and ``total``.
    """
    links = {"self": _url(request.args), "next": None}
    if page.next is not None:
        arguments = request.args.copy()
        arguments["cursor"] = _encode(page.next)
        links["next"] = _url(arguments)
    header = ", ".join(f'<{url}>; rel="{relation}"' for relation, url in links.items() if url)
    body = {"items": page.rows, "links": links, "total": page.total, **more}
    return body, {"Link": header}


def _url(arguments: MultiDict[str, str]) -> str:
    query = urlencode(list(arguments.items(multi=True)))
    return f"{request.path}?{query}" if query else request.path


def _encode(values: Sequence[Any]) -> str:
    text = msgspec.json.encode(values)
    return base64.urlsafe_b64encode(_seal(text) + text).rstrip(b"=").decode()


def _decode(cursor: str, keys: Sequence[SortKey]) -> tuple[Any, ...]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        seal, text = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
        if seal != _seal(text):
            raise ValueError("seal")
        types = tuple(_storable(key) for key in keys)
        values: tuple[Any, ...] = msgspec.json.decode(text, type=tuple[types])  # type: ignore[valid-type]
    except ValueError:
        detail = "This cursor is damaged, or belongs to another list. Start again without it."
        raise InvalidInput([Fault("parameter", "cursor", "cursor", detail)]) from None
    return values


def _storable(key: SortKey) -> Any:
    found = _STORABLE[key.column.type.python_type]
    return found | None if key.nullable else found


def _seal(text: bytes) -> bytes:
    """Return what ties a cursor to its list: a digest, against mistakes and not against malice."""
    chosen = sorted(item for item in request.args.items(multi=True) if item[0] not in PAGING)
    told = msgspec.json.encode((request.path, chosen))
    return hashlib.blake2b(told + text, digest_size=_SEAL_BYTES).digest()

"""Cursors: how a request says behind which row of a list its page begins."""

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

from aggregator.errors import Fault, InvalidInput
from aggregator.services.paging import SortKey

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


def list_url(cursor: str | None) -> str:
    """Return the address of a page of the request's list; of the first one without a cursor."""
    arguments = request.args.copy()
    if cursor is None:
        arguments.poplist("cursor")
    else:
        arguments["cursor"] = cursor
    query = urlencode(list(arguments.items(multi=True)))
    return f"{request.path}?{query}" if query else request.path


def encode_cursor(values: Sequence[Any]) -> str:
    """Return the cursor of the page of the request's list behind a row of these sort values."""
    text = msgspec.json.encode(values)
    return base64.urlsafe_b64encode(_seal(text) + text).rstrip(b"=").decode()


def decode_cursor(cursor: str, keys: Sequence[SortKey]) -> tuple[Any, ...]:
    """Return the sort values that a cursor holds.

    :param keys: what the request's list is sorted by.
    :raises InvalidInput: The cursor is damaged, or belongs to another list.
    """
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
    found = _STORABLE[key.python_type]
    return found | None if key.nullable else found


def _seal(text: bytes) -> bytes:
    """Return what ties a cursor to its list: a digest, against mistakes and not against malice."""
    chosen = sorted(item for item in request.args.items(multi=True) if item[0] not in PAGING)
    told = msgspec.json.encode((request.path, chosen))
    return hashlib.blake2b(told + text, digest_size=_SEAL_BYTES).digest()

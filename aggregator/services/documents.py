"""What the API shows, as JSON that the database writes, and by what to tell whether it changed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

_MARK_BYTES = 6


class Document(NamedTuple):
    """One thing. Where only its mark is asked for, its JSON is empty."""

    mark: str
    """Another one whenever the JSON is."""
    json: str


class DocumentPage(NamedTuple):
    """A page of things: each one's JSON, in order; none where only the mark is asked for."""

    mark: str
    """Another one whenever anything on the page is."""
    items: Sequence[str]
    next: tuple[Any, ...] | None
    """The sort values of the last one, None on the last page."""
    total: int | None


def digest(parts: Iterable[str]) -> str:
    """Return a short text that is another one whenever any of the parts is."""
    whole = hashlib.blake2b("\n".join(parts).encode(), digest_size=_MARK_BYTES).digest()
    return base64.urlsafe_b64encode(whole).decode()

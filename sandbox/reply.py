"""One answer on its way to the caller."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A complete answer, before any fault spoils it."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    #: The offers this answer carries as a JSON list; None when it carries none.
    offers: bytes | None = None
    #: The market's tick the offers belong to; None when the answer carries none.
    tick: int | None = None


def compact_json(value: object) -> bytes:
    """Return a value as JSON without blanks, in UTF-8, as the real service sends it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

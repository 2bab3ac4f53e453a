"""What the baselines tell of the next page: an opaque cursor, as plain as can be."""

from __future__ import annotations

import base64
import json


def next_link(path: str, query: str, *last: object) -> str:
    """Return where the page behind a row with these sort values is."""
    text = json.dumps([str(value) for value in last])
    cursor = base64.urlsafe_b64encode(text.encode()).decode()
    return f"{path}?{query}&cursor={cursor}" if query else f"{path}?cursor={cursor}"

"""Which requests are calls of the API."""

from __future__ import annotations

from flask import request

BASE = "/api/v1"


def is_api_call() -> bool:
    """Tell whether the request goes to the API, be anything at its path or not."""
    return request.path == BASE or request.path.startswith(f"{BASE}/")

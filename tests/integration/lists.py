"""Walking through lists as clients do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient

from tests.integration.api import fetch


def pages(client: FlaskClient, path: str) -> Iterator[dict[str, Any]]:
    """Yield a list's pages by following its links."""
    following: str | None = path
    while following:
        page = fetch(client, following)
        yield page
        following = page["links"]["next"]


def flat(walked: Iterable[dict[str, Any]]) -> list[str]:
    """Return the ids of all items of some pages."""
    return [id_ for page in walked for id_ in ids(page)]


def ids(page: dict[str, Any]) -> list[str]:
    """Return the ids of a page's items."""
    return [item["id"] for item in page["items"]]


def cursor_of(client: FlaskClient, path: str) -> str:
    """Return the cursor that leads to a list's second page."""
    query = urlsplit(str(fetch(client, path)["links"]["next"])).query
    [cursor] = parse_qs(query)["cursor"]
    return cursor

"""Products with a past, and everything that can be asked of it over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.db import Base
from tests.factories import STALE_AFTER, make_product, observe, seal_history
from tests.integration.api import PRODUCTS, fetch

A, B, C = (UUID(int=n) for n in (1, 2, 3))
START = datetime(2026, 3, 1, tzinfo=UTC)

#: What polls saw, by the minutes after :data:`START`.
Polls = Mapping[float, Mapping[UUID, tuple[int, int]]]
Told = dict[str, Any]
Settle = Callable[[Engine], object]


def after(minutes: float) -> datetime:
    """Return the instant so many minutes after :data:`START`."""
    return START + timedelta(minutes=minutes)


def written(minutes: float) -> str:
    """Return the instant so many minutes after :data:`START`, as the API writes it."""
    return after(minutes).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def store(
    engine: Engine,
    polls: Polls,
    *,
    product_id: UUID | None = None,
    stale_after: timedelta = STALE_AFTER,
) -> UUID:
    """Store what polls saw of a product, a new one where none is given; return its id."""
    product_id = product_id or make_product(engine)
    for minutes, offers in polls.items():
        observe(engine, product_id, offers, at=after(minutes), stale_after=stale_after)
    return product_id


def leave_recent(engine: Engine) -> None:
    """Leave history as the polls wrote it."""


#: How a history may have been settled; nobody who asks about it shall notice.
SETTLED = [pytest.param(leave_recent, id="recent"), pytest.param(seal_history, id="sealed")]


def tell_all(client: FlaskClient, product_id: UUID, polls: Polls) -> Told:
    """Return everything that can be asked of a past, by what was asked.

    :param polls: what it was made of.
    """
    first, last = min(polls), max(polls) + 30
    whole = urlencode({"from": written(first - 90), "to": written(last), "format": "ndjson"})
    changes = client.get(f"{PRODUCTS}/{product_id}/history?{whole}")
    assert changes.status_code == 200, changes.text
    told: Told = {"history": changes.text.splitlines()}
    for minutes in {at + later for at in polls for later in (0, 31)}:
        path = f"offers?at={written(minutes)}"
        told[path] = fetch(client, f"{product_id}/{path}")
    lines = [
        "trend?aggregate=best",
        "trend?aggregate=mean",
        *(f"offers/{o}/trend?" for o in (A, B)),
    ]
    for line, query in product(lines, trend_queries(first, last)):
        path = f"{line}&{urlencode(query)}"
        response = client.get(f"{PRODUCTS}/{product_id}/{path}")
        # A past need not have both offers.
        assert response.status_code in {200, 404}, response.text
        told[path] = response.get_json() if response.status_code == 200 else {"status": 404}
    return dict(leaves(told))


def trend_queries(first: float, last: float) -> Iterator[dict[str, str]]:
    """Yield questions about periods around two instants, and within and between hours."""
    hour, hours = first // 60 * 60, last // 60 * 60
    for start, end, interval, endpoints in [
        (hour - 60, hours + 120, "PT1H", "nearest"),
        (hour + 60, hours + 60, "P1D", "strict"),
        (first + 7, last - 3, "P1D", "nearest"),
    ]:
        period = {"from": written(start), "to": written(end)}
        yield period | {"interval": interval, "endpoints": endpoints}


def leaves(told: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every single value of an answer with its path, but what names the product."""
    named = told.items() if isinstance(told, dict) else enumerate(told)
    for name, value in named:
        if isinstance(value, dict | list):
            yield from leaves(value, f"{path}/{name}")
        elif name not in {"product_id", "self"}:
            yield f"{path}/{name}", value


def alike(told: Told) -> Told:
    """Return single values as something to compare others with: doubles as doubles are."""
    return {
        path: pytest.approx(value, rel=1e-12) if isinstance(value, float) else value
        for path, value in told.items()
    }


def rows(engine: Engine, *but: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that the database holds, table by table, as something to compare.

    :param but: tables to leave out.
    """
    with engine.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(table.select())), key=repr)
            for table in Base.metadata.sorted_tables
            if table.name not in but
        }

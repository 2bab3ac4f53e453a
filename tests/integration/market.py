"""A small market with everything that a database can hold, and questions about all of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.models import OffersServicePace, OffersServiceToken, ProductSync
from aggregator.services.poller_figures import add_figures
from aggregator.services.pollers import poller_seen
from aggregator.services.secret_keys import obtain_secret_key
from tests.factories import make_product, make_token, observe, seal_history
from tests.integration.api import PRODUCTS
from tests.integration.past import A, B, C

KETTLE, SAW, BOAT, HAMMOCK, UNKNOWN = (UUID(int=n << 96 | n) for n in range(1, 6))
_NAMES = {
    KETTLE: ("Kettle", "1.7 l\nwith 'quotes', \"more\" and \\ \t"),
    SAW: ("Žehlička Pila", "電気ケトル 🪚"),
    BOAT: ("=Boat", ""),
    HAMMOCK: ("hammock", "never polled"),
    UNKNOWN: ("Refused", "by the service"),
}
_HUGE = 2**63 - 60
_STEP = timedelta(minutes=7)
KEYED = {"name": "Once", "description": "though sent twice"}
KEY = {"Idempotency-Key": "k-1"}


def fill(app: Flask, engine: Engine) -> str:
    """Fill an empty database; return an API token that may write.

    Of hours most are sealed, some are not; there are gaps, offers that ended and came back,
    products that sold out, and figures larger than 64 bits.
    """
    now = utc_now()
    for i, (product_id, (name, description)) in enumerate(_NAMES.items()):
        created_at = now - timedelta(days=2, microseconds=i)
        make_product(
            engine,
            name=name,
            description=description,
            product_id=product_id,
            created_at=created_at,
        )
    start = now - timedelta(hours=7)
    _move(engine, start, range(50))
    seal_history(engine)
    _move(engine, start, range(54, 58))
    token = make_token(engine, created_at=now)
    with unit_of_work(engine) as session:
        session.get_one(ProductSync, UNKNOWN).registration_error = "name: too odd"
        session.add(
            OffersServiceToken(
                base_url="https://offers.example/api/v1",
                token="eyJ",
                obtained_at=now,
                expires_at=now + timedelta(microseconds=1),
                renewable_at=now,
            )
        )
        session.add(
            OffersServicePace(base_url="https://b", next_at=now, per_s=0.1, slowed_at=start)
        )
        obtain_secret_key(session, now=now)
        add_figures(session, {("aggregator_polls_total", '{"outcome": "answered"}'): 0.1})
        poller_seen(session, UUID(int=7), host="old", pid=1, started_at=start, now=start)
    headers = KEY | {"Authorization": f"Bearer {token}"}
    assert app.test_client().post(PRODUCTS, json=KEYED, headers=headers).status_code == 201
    return token


def _move(engine: Engine, start: datetime, steps: range) -> None:
    for step in steps:
        at = start + step * _STEP
        if step % 9 < 6:
            listed = {A: (1_000 + step % 11, step % 3), B: (990 + step, 1), C: (1_003, 2)}
            observe(engine, KETTLE, dict(list(listed.items())[step % 3 :]), at=at)
        observe(engine, SAW, {A: (_HUGE + step, 5), B: (_HUGE - step - 1, 6)}, at=at)
        observe(engine, BOAT, {C: (77 + step % 2, 1)} if step < 20 else {}, at=at)


def paths(now: datetime) -> Iterator[str]:
    """Yield questions about the market.

    :param now: when it was filled.
    """
    for sort in ("created_at", "-updated_at", "name", "-name", "best_price", "-best_price"):
        yield f"{PRODUCTS}?include=total&sort={sort}"
    for query in ("q=zehl+pi", "q=電気", "q=quotes", "in_stock=false", "min_price=1000"):
        yield f"{PRODUCTS}?{query}"
    yield from (f"{PRODUCTS}/export?format={format_}" for format_ in ("ndjson", "csv"))
    yield from (f"/api/v1/movers?period={period}" for period in ("3h", "24h"))
    earlier = (now - timedelta(hours=4)).astimezone(UTC).isoformat().replace("+00:00", "Z")
    for product_id in _NAMES:
        of_one = f"{PRODUCTS}/{product_id}"
        yield from (of_one, f"{of_one}/offers", f"{of_one}/offers/{A}")
        yield f"{of_one}/offers?at={earlier}"
        yield f"{of_one}/history?period=24h&format=csv"
        for period in ("45m", "5h", "7d"):
            yield f"{of_one}/trend?period={period}"
            yield f"{of_one}/trend?period={period}&aggregate=mean&interval=PT1H"
            yield f"{of_one}/offers/{B}/trend?period={period}"


def pin_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """Let it be one instant for the whole product."""

    class Pinned(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return now

    monkeypatch.setattr("aggregator.clock.datetime", Pinned)


def answers(app: Flask, token: str, now: datetime) -> dict[str, tuple[int, bytes, str | None]]:
    """Return status, body and tag of the answer to each question."""
    client = app.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    found = {}
    for path in paths(now):
        response = client.get(path, headers=headers)
        assert response.status_code in {200, 404}, response.text
        # Only the id of the request differs in what is said of an offer that never was.
        body = response.data if response.status_code == 200 else b""
        found[path] = (response.status_code, body, response.headers.get("ETag"))
    return found

"""What many products' prices did at a glance, against what is told of each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.clock import to_ms, utc_now
from aggregator.db import db, reading
from aggregator.history.bars import Steps, Value
from aggregator.history.period import Period, resolve_period
from aggregator.schemas.numbers import format_ms
from aggregator.schemas.trends import ChangeSchema, EndpointSchema
from aggregator.services.catalogue import ProductFilter, list_products
from aggregator.services.glances import Glance, Glances, find_glances
from aggregator.services.paging import PageRequest
from tests.conftest import MakeApp
from tests.factories import make_product, observe, seal_history
from tests.integration.api import fetch
from tests.integration.past import SETTLED, Settle
from tests.integration.plans import recorded

PERIODS = ("2h", "24h", "30d")
OFFER, SOLD_OUT = UUID(int=1), UUID(int=2)
HOUR = timedelta(hours=1)
KNOWN_FOR = 8 * HOUR

#: The best price by how many hours ago a poll saw it; None where nothing was buyable.
Prices = Mapping[float, int | None]
MOVED, SOLD, YOUNG, FREE, LONG_SOLD, STALE, GAPS, UNPOLLED = range(1, 9)
PASTS: Mapping[int, Prices] = {
    MOVED: {30: 100, 23.3: 90, 20.1: 120, 13: 110, 6.7: 95, 2.2: 97, 1.5: 80, 0.2: 90, 0.01: 85},
    SOLD: {30: 100, 23.5: 110, 16: 90, 9: 90, 3: None, 0.01: None},
    YOUNG: {0.5: 10, 0.3: 12, 0.01: 11},
    FREE: {30: 0, 25: 0, 18: 5, 12: 0, 5: 0, 0.01: 7},
    LONG_SOLD: {200: 7, 190: None, 0.01: None},
    STALE: {30: 50, 24: 60, 18: 70},
    GAPS: {300: 3, 90: 5, 28: 6, 22.5: 7, 6.5: 8, 0.01: 9},
    UNPOLLED: {},
}


@pytest.fixture
def client(make_app: MakeApp) -> FlaskClient:
    """Return a client of an application that trusts a poll for hours."""
    app = make_app(stale_after_s=KNOWN_FOR.total_seconds())
    return app.test_client()


@pytest.fixture
def engine(client: FlaskClient) -> Engine:
    """Return the engine of that application."""
    with client.application.app_context():
        return db.engine


def store(engine: Engine, pasts: Mapping[int, Prices]) -> None:
    """Store products by their numbers, with what polls saw of them."""
    for number, prices in pasts.items():
        product_id = make_product(engine, product_id=UUID(int=number))
        for hours, price in prices.items():
            offers = {SOLD_OUT: (1, 0)} | ({OFFER: (price, 1)} if price is not None else {})
            at = utc_now() - hours * HOUR
            observe(engine, product_id, offers, at=at, stale_after=KNOWN_FOR)


def glance(engine: Engine, period: str) -> Glances:
    """Return all products at a glance."""
    now = utc_now()
    asked = resolve_period(start=None, end=None, period=period, tz=None, now=to_ms(now))
    with reading(engine) as session:
        found = list_products(
            session,
            PageRequest(100),
            wanted=ProductFilter(),
            sort="name",
            stale_before=now - KNOWN_FOR,
        )
        return find_glances(session, found.rows, asked, known_for=KNOWN_FOR)


def value_at(steps: Steps, instant: int) -> Value:
    """Return the value of a step function at an instant."""
    return next((v for at, v in reversed([*zip(*steps, strict=True)]) if at <= instant), None)


def best_at(client: FlaskClient, product_id: UUID, instant: int) -> int | None:
    """Return a product's best price of an instant, as its offers tell it."""
    path = f"{product_id}/offers?at={format_ms(instant)}&in_stock=true"
    items = fetch(client, path)["items"]
    return items[0]["price"] if items else None


@pytest.mark.parametrize("settle", SETTLED)
def test_change_is_that_of_the_trend_and_of_movers(
    engine: Engine, client: FlaskClient, settle: Settle
) -> None:
    store(engine, PASTS)
    settle(engine)
    for period in PERIODS:
        compare_changes(engine, client, period)


def compare_changes(engine: Engine, client: FlaskClient, period: str) -> None:
    """Compare the changes over a period with those that are told elsewhere."""
    seen = glance(engine, period)
    told: dict[int, Any] = {}
    for found in seen.glances:
        between = f"from={format_ms(seen.period.start)}&to={format_ms(seen.period.end)}"
        trend = fetch(client, f"{found.product.id}/trend?{between}&interval=P1D")
        ends = {"start": found.start, "end": found.end}
        assert {name: EndpointSchema().dump(end) for name, end in ends.items()} == {
            name: trend[name] for name in ends
        }
        told[found.product.id.int] = ChangeSchema().dump(found.change)
        assert told[found.product.id.int] == trend["change"]
    assert told.keys() == PASTS.keys()
    movers = fetch(client, f"/api/v1/movers?period={period}")["items"]
    assert {UUID(mover["product"]["id"]).int: mover["change"] for mover in movers} == {
        number: change for number, change in told.items() if change["percent"] is not None
    }


@pytest.mark.parametrize("settle", SETTLED)
def test_line_goes_through_prices_that_there_were(
    engine: Engine, client: FlaskClient, settle: Settle
) -> None:
    store(engine, {number: PASTS[number] for number in (MOVED, SOLD, GAPS)})
    settle(engine)
    for period in PERIODS:
        seen = glance(engine, period)
        for found in seen.glances:
            check_line(client, seen.period, found)


def check_line(client: FlaskClient, period: Period, found: Glance) -> None:
    """Check that a line has the prices of its instants, in order, and ends with the present."""
    points = [*zip(*found.line, strict=True)]
    assert 0 < len(points) < 80
    instants = [at for at, _ in points]
    assert instants == sorted(set(instants))
    assert period.start <= instants[0] < instants[-1] <= period.end + 1
    # Behind a gap holds the sample before it, until the next one.
    followed = [((0, 0), points[0]), *pairwise(points)]
    values = {at: value for (_, before), (at, value) in followed if None not in (before, value)}
    assert values == {at: best_at(client, found.product.id, at) for at in values}
    assert value_at(found.line, period.end) == found.product.best_price


@pytest.mark.parametrize("settle", SETTLED)
def test_line_has_gaps_where_nothing_was_known_or_buyable(engine: Engine, settle: Settle) -> None:
    store(engine, PASTS)
    settle(engine)
    seen = glance(engine, "24h")
    lines = {found.product.id.int: found.line for found in seen.glances}

    def told(number: int, *hours_ago: float) -> list[Value]:
        return [
            value_at(lines[number], seen.period.end - int(hours * 3_600_000)) for hours in hours_ago
        ]

    assert told(SOLD, 8, 5, 1.5, 0) == [90, 90, None, None]
    assert told(GAPS, 21.4, 15.5, 14, 8, 5.4, 0) == [7, 7, None, None, 8, 9]
    assert told(STALE, 16.9, 11, 9.5, 0) == [70, 70, None, None]
    assert told(YOUNG, 1.1, 0.51, 0) == [None, None, 11]
    assert set(lines[LONG_SOLD].values) == {None}
    assert lines[UNPOLLED] == Steps([], [])


def test_many_products_take_as_many_statements_as_a_few(engine: Engine) -> None:
    store(engine, PASTS)
    seal_history(engine)
    n_sent = []
    for _ in range(2):
        with recorded(engine) as sent:
            for period in PERIODS:
                glance(engine, period)
        n_sent.append(len(sent))
        store(engine, {100 + len(n_sent): PASTS[MOVED]})
        seal_history(engine)
    assert n_sent[0] == n_sent[1]

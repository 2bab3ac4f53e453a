"""Movers over HTTP: products ranked by the change of their best price."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, func, select

from aggregator.clock import utc_now
from aggregator.db import reading, unit_of_work
from aggregator.models import FirstPrice, LastPrice, PriceHour, PriceStart
from tests.factories import make_product, observe, seal_history
from tests.integration.api import PRODUCTS, faults_of, fetch
from tests.integration.past import SETTLED, Settle

MOVERS = "/api/v1/movers"
A, B = UUID(int=1), UUID(int=2)
HOUR = timedelta(hours=1)

#: The best price by how many hours ago a poll saw it; None where nothing was buyable.
Prices = Mapping[float, int | None]


def make_history(engine: Engine, prices: Prices, *, number: int = 0) -> UUID:
    """Create a product whose polls saw these prices; return its id."""
    product_id = make_product(engine, product_id=UUID(int=number) if number else None)
    for hours, price in prices.items():
        offers = {A: (1, 0), B: (1, 0) if price is None else (price, 1)}
        observe(engine, product_id, offers, at=utc_now() - hours * HOUR)
    return product_id


def movers(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    """Return the movers of a question."""
    found = fetch(client, f"{MOVERS}?{query}")["items"]
    assert isinstance(found, list)
    return found


def only(client: FlaskClient, query: str = "") -> dict[str, Any]:
    """Return the only mover."""
    [mover] = movers(client, query)
    return mover


def values(mover: dict[str, Any]) -> tuple[Any, ...]:
    """Return the two prices of a mover and how they were found."""
    return tuple(mover[end][name] for end in ("start", "end") for name in ("value", "method"))


def ids(found: list[dict[str, Any]]) -> list[int]:
    """Return the products' ids as numbers."""
    return [UUID(mover["product"]["id"]).int for mover in found]


def count(engine: Engine, model: type[Any]) -> int:
    """Return how many rows a table has."""
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


#: By product: the price 30 hours ago and the one now.
CHANGES = {1: (100, 150), 2: (1000, 900), 3: (10, 5), 4: (20, 20), 5: (200, 300), 6: (2, 1)}


@pytest.mark.parametrize("settle", SETTLED)
@pytest.mark.parametrize(
    ("query", "order"),
    [
        pytest.param("", [3, 6, 2, 4, 1, 5], id="default"),
        pytest.param("sort=percent", [3, 6, 2, 4, 1, 5], id="percent"),
        pytest.param("sort=-percent", [1, 5, 4, 2, 3, 6], id="-percent"),
        pytest.param("sort=absolute", [2, 3, 6, 4, 1, 5], id="absolute"),
        pytest.param("sort=-absolute", [5, 1, 4, 6, 3, 2], id="-absolute"),
        pytest.param("sort=-percent&limit=3", [1, 5, 4], id="limit"),
    ],
)
def test_products_come_in_the_order_of_their_changes_with_ties_by_id(
    engine: Engine, client: FlaskClient, settle: Settle, query: str, order: list[int]
) -> None:
    for number in (5, 4, 6, 2, 1, 3):
        old, new = CHANGES[number]
        make_history(engine, {30: old, 1.5: new}, number=number)
    settle(engine)
    assert ids(movers(client, query)) == order


@pytest.mark.parametrize("settle", SETTLED)
def test_a_mover_is_a_product_with_both_ends_of_its_change(
    engine: Engine, client: FlaskClient, settle: Settle
) -> None:
    product_id = make_history(engine, {100: 80, 99.9: 60, 0.01: 90})
    settle(engine)
    found = fetch(client, MOVERS)
    [mover] = found["items"]
    assert mover["product"] == fetch(client, product_id)
    period = found["period"]
    trend = fetch(client, f"{product_id}/trend?from={period['from']}&to={period['to']}")
    assert period == trend["period"]
    assert mover.keys() == {"product", "start", "end", "change"}
    assert {name: mover[name] for name in ("start", "end", "change")} == {
        name: trend[name] for name in ("start", "end", "change")
    }
    assert mover["start"]["value"] == 60
    assert mover["change"] == {"absolute": 30, "percent": 50, "direction": "up", "reason": None}


@pytest.mark.parametrize(
    ("query", "hours"),
    [
        pytest.param("", 24, id="default"),
        pytest.param("period=24h", 24, id="short"),
        pytest.param("period=PT2H", 2, id="iso-8601"),
        pytest.param("period=P7D", 168, id="calendar"),
        pytest.param("period=1m", 0, id="less-than-an-hour"),
    ],
)
def test_the_period_begins_at_a_full_hour_and_ends_now(
    client: FlaskClient, query: str, hours: int
) -> None:
    earliest = utc_now()
    period = fetch(client, f"{MOVERS}?{query}")["period"]
    latest = utc_now()
    start, end = (datetime.fromisoformat(period[name]) for name in ("from", "to"))
    assert earliest <= end <= latest
    wanted = end - (hours * HOUR if hours else timedelta(minutes=1))
    assert start == wanted.replace(minute=0, second=0, microsecond=0)
    assert period["seconds"] == (end - start).total_seconds()
    assert period["clamped"] is False


def test_there_is_one_page_only(engine: Engine, client: FlaskClient) -> None:
    for _ in range(3):
        make_history(engine, {2: 5})
    response = client.get(f"{MOVERS}?limit=2&sort=-percent")
    body = response.get_json()
    assert len(body["items"]) == 2
    assert body.keys() == {"items", "period", "links"}
    itself = f"{MOVERS}?limit=2&sort=-percent"
    assert body["links"] == {"self": itself, "next": None}
    assert response.headers["Link"] == f'<{itself}>; rel="self"'


def test_there_are_fifty_unless_asked_for_more(engine: Engine, client: FlaskClient) -> None:
    for number in range(1, 52):
        make_history(engine, {2: 5}, number=number)
    assert ids(movers(client)) == list(range(1, 51))
    assert len(movers(client, "limit=200")) == 51


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        pytest.param("limit=0", {("limit", "range")}, id="no-limit"),
        pytest.param("limit=201", {("limit", "range")}, id="limit-too-high"),
        pytest.param("sort=name", {("sort", "choice")}, id="sort"),
        pytest.param("sort=", {("sort", "choice")}, id="no-sort"),
        pytest.param("period=soon", {("period", "format")}, id="period"),
        pytest.param("period=P3000Y", {("period", "range")}, id="endless-period"),
        pytest.param("period=PT0S", {("period", "format")}, id="empty-period"),
        pytest.param("from=2026-01-01", {("from", "unknown")}, id="from"),
        pytest.param("to=2026-01-01", {("to", "unknown")}, id="to"),
        pytest.param("tz=Europe/Prague", {("tz", "unknown")}, id="tz"),
        pytest.param("cursor=x", {("cursor", "unknown")}, id="cursor"),
        pytest.param("include=total", {("include", "unknown")}, id="include"),
        pytest.param("start=1&end=1", {("start", "unknown"), ("end", "unknown")}, id="our-names"),
        pytest.param(
            "period=x&sort=x&limit=x",
            {("period", "format"), ("sort", "choice"), ("limit", "range")},
            id="everything",
        ),
    ],
)
def test_what_cannot_be_asked_is_told(
    client: FlaskClient, query: str, faults: set[tuple[str, str]]
) -> None:
    assert faults_of(client.get(f"{MOVERS}?{query}"), "parameter") == faults


def test_movers_are_only_read(client: FlaskClient) -> None:
    response = client.post(MOVERS, json={})
    assert response.status_code == 405
    assert set(response.headers["Allow"].replace(" ", "").split(",")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("settle", SETTLED)
@pytest.mark.parametrize(
    "prices",
    [
        pytest.param({}, id="never-observed"),
        pytest.param({50: None, 3: None, 0.1: None}, id="never-priced"),
        pytest.param({50: 10, 40: None, 0.1: None}, id="sold-out-before"),
        pytest.param({50: 0, 0.1: 10}, id="from-nothing"),
        pytest.param({50: None, 3: 0, 0.1: 10}, id="from-nothing-later"),
    ],
)
def test_products_without_a_percent_are_left_out(
    engine: Engine, client: FlaskClient, settle: Settle, prices: Prices
) -> None:
    make_history(engine, prices)
    settle(engine)
    for sort in ("percent", "-percent", "absolute", "-absolute"):
        assert movers(client, f"sort={sort}") == []


@pytest.mark.parametrize("settle", SETTLED)
@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        pytest.param({50: 10}, (10, "at_start", 10, "at_end"), id="not-polled-since"),
        pytest.param({50: 10, 0.1: 0}, (10, "at_start", 0, "at_end"), id="to-nothing"),
        pytest.param({5: 10, 0.1: 20}, (10, "first_in_period", 20, "at_end"), id="new"),
        pytest.param(
            {9: None, 5: None, 4: 10, 0.1: 20}, (10, "first_in_period", 20, "at_end"), id="awaited"
        ),
        pytest.param(
            {50: 5, 40: None, 4: 10, 0.1: 20},
            (10, "first_in_period", 20, "at_end"),
            id="sold-out-then",
        ),
        pytest.param(
            {50: 10, 4: 20, 3: None, 0.1: None},
            (10, "at_start", 20, "last_in_period"),
            id="sold-out-now",
        ),
        pytest.param(
            {50: None, 9: 10, 4: 20, 3: None, 0.1: None},
            (10, "first_in_period", 20, "last_in_period"),
            id="sold-out-then-and-now",
        ),
        pytest.param({100: 10, 0.1: 20}, (10, "at_start", 20, "at_end"), id="not-polled-then"),
        pytest.param(
            {50: 10, 9: None, 4: 30, 3: None, 2: 20, 0.1: 20},
            (10, "at_start", 20, "at_end"),
            id="back",
        ),
    ],
)
def test_where_there_is_no_price_the_nearest_one_within_counts(
    engine: Engine,
    client: FlaskClient,
    settle: Settle,
    prices: Prices,
    expected: tuple[int, str, int, str],
) -> None:
    make_history(engine, prices)
    settle(engine)
    assert values(only(client)) == expected


def test_a_poll_of_this_very_moment_counts(engine: Engine, client: FlaskClient) -> None:
    make_history(engine, {50: 10, -0.001: 20})
    found = fetch(client, MOVERS)
    [mover] = found["items"]
    assert mover["product"]["best_price"] == mover["end"]["value"] == 20
    assert found["period"]["to"] == mover["end"]["at"] == mover["end"]["observed_at"]


def test_a_deleted_product_leaves_nothing(engine: Engine, client: FlaskClient) -> None:
    product_id = make_history(engine, {50: 10, 5: 20, 0.1: None})
    assert all(count(engine, model) for model in (PriceStart, FirstPrice, LastPrice))
    assert client.delete(f"{PRODUCTS}/{product_id}").status_code == 204
    assert not any(count(engine, model) for model in (PriceStart, FirstPrice, LastPrice))
    assert movers(client) == []


def test_sealing_leaves_only_what_is_not_sealed(engine: Engine) -> None:
    make_history(engine, {50.5: 10, 5: None, 4: 20, 1.2: 30, 0.1: 30})
    seal_history(engine)
    with reading(engine) as session:
        [start] = session.scalars(select(PriceStart))
        sealed = session.scalar(select(func.max(PriceHour.hour)))
        assert sealed
        assert start.hour > sealed


def test_of_a_product_that_has_a_price_no_last_one_is_kept(
    engine: Engine, client: FlaskClient
) -> None:
    product_id = make_history(engine, {50: 10, 9: None, 8: None, 4: 30})
    assert count(engine, LastPrice) == 0
    observe(engine, product_id, {})
    observe(engine, product_id, {})
    assert values(only(client)) == (10, "at_start", 30, "last_in_period")


def test_nothing_is_told_of_a_start_that_nobody_wrote_down(
    engine: Engine, client: FlaskClient
) -> None:
    product_id = make_history(engine, {50: 10, 25.5: 15, 9: 16})
    # As after an upgrade: until then, nobody did.
    with unit_of_work(engine) as session:
        session.execute(delete(PriceStart))
    observe(engine, product_id, {B: (20, 1)}, at=utc_now() - 3 * HOUR)
    observe(engine, product_id, {B: (25, 1)})
    assert movers(client) == []
    assert values(only(client, "period=3h")) == (16, "at_start", 25, "at_end")
    seal_history(engine)
    assert values(only(client)) == (15, "at_start", 25, "at_end")

"""A product's offers as they stood at an instant of the past."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.clock import utc_now
from tests.conftest import MakeApp
from tests.factories import make_product, observe
from tests.integration.api import PRODUCTS, faults_of, fetch, json_of
from tests.integration.past import SETTLED, A, B, C, Polls, Settle, after, store, written

MILLISECOND = 1 / 60_000
POLLS: Polls = {
    10: {A: (5, 1), B: (7, 0)},
    30: {A: (5, 1), B: (6, 0)},
    32: {A: (5, 1), B: (6, 0)},
    60: {A: (5, 1)},
    130: {A: (4, 0), B: (6, 0), C: (2**63 - 1, 1)},
    190: {},
}
#: What is listed from an instant on, and since when it is what it is.
STATES: dict[float, dict[UUID, tuple[int, int, float]]] = {
    10: {A: (5, 1, 10), B: (7, 0, 10)},
    30: {A: (5, 1, 10), B: (6, 0, 30)},
    32: {A: (5, 1, 10), B: (6, 0, 30)},
    60: {A: (5, 1, 10)},
    130: {A: (4, 0, 130), B: (6, 0, 130), C: (2**63 - 1, 1, 130)},
    190: {},
}
FIRST_SEEN = {A: 10, B: 10, C: 130}
#: Many ties in price, in stock and in both.
MARKET = {
    UUID(int=n): (price, stock)
    for n, (price, stock) in enumerate(
        [(7, 3), (5, 0), (7, 3), (5, 3), (2**63 - 1, 2**63 - 1), (0, 0), (7, 0), (5, 9), (5, 3)]
    )
}


def offers_at(client: FlaskClient, product_id: UUID, minutes: float, query: str = "") -> Any:
    return fetch(client, f"{product_id}/offers?at={written(minutes)}{query}")


@pytest.mark.parametrize("settle", SETTLED)
def test_every_poll_can_be_seen_again(engine: Engine, client: FlaskClient, settle: Settle) -> None:
    product_id = store(engine, POLLS)
    settle(engine)
    seen_at, state = None, dict[UUID, tuple[int, int, float]]()
    for minutes, later_state in STATES.items():
        check(offers_at(client, product_id, minutes - MILLISECOND), product_id, seen_at, state)
        seen_at, state = minutes, later_state
        check(offers_at(client, product_id, minutes), product_id, seen_at, state)
    check(offers_at(client, product_id, 10_000), product_id, seen_at, state)


def check(
    page: dict[str, Any],
    product_id: UUID,
    seen_at: float | None,
    state: dict[UUID, tuple[int, int, float]],
) -> None:
    """Check a page of offers that were seen by the poll of an instant."""
    assert page["checked_at"] == (None if seen_at is None else written(seen_at))
    assert page["resolution"] == "exact"
    assert sorted(page["items"], key=lambda offer: str(offer["id"])) == [
        {
            "id": str(id_),
            "product_id": str(product_id),
            "price": price,
            "items_in_stock": stock,
            "first_seen_at": written(FIRST_SEEN[id_]),
            "changed_at": written(changed_at),
        }
        for id_, (price, stock, changed_at) in state.items()
    ]


def test_page_of_then_has_all_that_the_page_of_now_has(engine: Engine, client: FlaskClient) -> None:
    product_id, now = make_product(engine), utc_now()
    observe(engine, product_id, MARKET, at=now - timedelta(seconds=9))
    present = fetch(client, f"{product_id}/offers?limit=200")
    at = (now - timedelta(seconds=8)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    then = fetch(client, f"{product_id}/offers?limit=200&at={at}")
    assert (
        then["links"]["self"]
        == f"{PRODUCTS}/{product_id}/offers?limit=200&at={at.replace(':', '%3A')}"
    )
    assert (then.pop("at"), then.pop("resolution")) == (at, "exact")
    del then["links"], present["links"]
    assert then == present


def test_before_the_first_poll_nothing_is_known(engine: Engine, client: FlaskClient) -> None:
    never_polled, polled_later = make_product(engine), store(engine, POLLS)
    for product_id in (never_polled, polled_later):
        page = offers_at(client, product_id, 5)
        del page["links"]
        assert page == {
            "items": [],
            "checked_at": None,
            "stale": True,
            "at": written(5),
            "resolution": "exact",
        }


def test_in_a_gap_offers_are_stale(engine: Engine, client: FlaskClient) -> None:
    product_id = store(engine, POLLS)
    for minutes, stale in [
        (10, False),
        (15 - MILLISECOND, False),
        (15, True),
        (30 - MILLISECOND, True),
        (30, False),
        (200, True),
    ]:
        page = offers_at(client, product_id, minutes)
        assert page["stale"] is stale
        assert page["checked_at"] is not None


def test_last_poll_grows_stale_as_the_settings_say(make_app: MakeApp, engine: Engine) -> None:
    product_id = store(engine, {10: {A: (5, 1)}})
    client = make_app(stale_after_s=600.0).test_client()
    found = [offers_at(client, product_id, minutes)["stale"] for minutes in (19.99, 20)]
    assert found == [False, True]


@pytest.mark.parametrize("sort", ["", "-price", "items_in_stock"])
def test_pages_of_then_are_sorted_like_those_of_now(
    engine: Engine, client: FlaskClient, sort: str
) -> None:
    product_id = store(engine, {10: MARKET})
    query = f"&sort={sort}" if sort else ""
    present = fetch(client, f"{product_id}/offers?limit=200{query}")["items"]
    for limit in (1, 4, 200):
        page = offers_at(client, product_id, 20, f"{query}&limit={limit}")
        walked = page["items"]
        while following := page["links"]["next"]:
            page = fetch(client, following)
            walked += page["items"]
        assert walked == present


@pytest.mark.parametrize("query", ["", "&in_stock=true", "&in_stock=false"])
def test_offers_of_then_are_chosen_and_counted_like_those_of_now(
    engine: Engine, client: FlaskClient, query: str
) -> None:
    product_id = store(engine, {10: MARKET})
    present = fetch(client, f"{product_id}/offers?limit=2&include=total{query}")
    then = offers_at(client, product_id, 20, f"&limit=2&include=total{query}")
    assert (then["items"], then["total"]) == (present["items"], present["total"])


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        pytest.param("at=2999-01-01", {("at", "future")}, id="future"),
        pytest.param("at=yesterday", {("at", "format")}, id="unreadable"),
        pytest.param("at=", {("at", "format")}, id="empty"),
        pytest.param("at=%00", {("at", "format")}, id="nul"),
        pytest.param("at=2026-03-01&at=2026-03-02", {("at", "repeated")}, id="repeated"),
        pytest.param(
            "at=2999-01-01&sort=name&limit=0&in_stock=1",
            {("at", "future"), ("sort", "choice"), ("limit", "range"), ("in_stock", "choice")},
            id="all-at-once",
        ),
    ],
)
def test_instant_that_is_not_over_is_422(
    engine: Engine, client: FlaskClient, query: str, faults: set[tuple[str, str]]
) -> None:
    response = client.get(f"{PRODUCTS}/{make_product(engine)}/offers?{query}")
    assert faults_of(response, "parameter") == faults


def test_instant_is_read_as_everywhere(engine: Engine, client: FlaskClient) -> None:
    product_id = store(engine, POLLS)
    for text, minutes in [
        ("2026-03-01T01:30:00%2B01:00", 30),
        ("2026-03-01T01:30:00+01:00", 30),
        ("2026-03-01T00:30", 30),
        ("2026-03-02", 1440),
    ]:
        assert fetch(client, f"{product_id}/offers?at={text}")["at"] == written(minutes)


def test_cursor_of_another_instant_is_422(engine: Engine, client: FlaskClient) -> None:
    product_id = store(engine, {10: MARKET})
    following = offers_at(client, product_id, 20, "&limit=1")["links"]["next"]
    cursor = following.partition("cursor=")[2]
    for other in (f"at={written(21)}&limit=1", "limit=1"):
        response = client.get(f"{PRODUCTS}/{product_id}/offers?{other}&cursor={cursor}")
        assert faults_of(response, "parameter") == {("cursor", "cursor")}


def test_offers_of_then_of_no_product_are_404(client: FlaskClient) -> None:
    response = client.get(f"{PRODUCTS}/{uuid4()}/offers?at={written(0)}")
    assert response.status_code == 404


def test_head_equals_get_without_the_body(engine: Engine, client: FlaskClient) -> None:
    path = f"{PRODUCTS}/{store(engine, POLLS)}/offers?at={written(20)}"
    same = {"X-Request-ID": "same"}
    got, head = client.get(path, headers=same), client.head(path, headers=same)
    assert len(json_of(got)["items"]) == 2
    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) == dict(got.headers)


def test_later_polls_change_no_answer_about_then(engine: Engine, client: FlaskClient) -> None:
    product_id = make_product(engine)
    told: dict[float, Any] = {}
    for minutes, offers in POLLS.items():
        observe(engine, product_id, offers, at=after(minutes))
        told[minutes] = offers_at(client, product_id, minutes)
        assert all(offers_at(client, product_id, at) == page for at, page in told.items())

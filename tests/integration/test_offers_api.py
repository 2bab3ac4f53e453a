"""A product's offers over HTTP, which nobody can change there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.clock import utc_now
from tests.conftest import MakeApp
from tests.factories import make_product, observe
from tests.integration.api import PRODUCTS, faults_of, fetch, json_of

A, B, C = (UUID(int=n) for n in (1, 2, 3))
#: Many ties in price, in stock and in both.
MARKET = {
    UUID(int=n): (price, stock)
    for n, (price, stock) in enumerate(
        [(7, 3), (5, 0), (7, 3), (5, 3), (2**63 - 1, 2**63 - 1), (0, 0), (7, 0), (5, 9), (5, 3)]
    )
}
READ_ONLY = {"GET", "HEAD", "OPTIONS"}
PATHS = [
    pytest.param("", READ_ONLY | {"POST"}, id="products"),
    pytest.param(f"/{A}", READ_ONLY | {"PUT", "PATCH", "DELETE"}, id="product"),
    pytest.param(f"/{A}/offers", READ_ONLY, id="offers"),
    pytest.param(f"/{A}/offers/{B}", READ_ONLY, id="offer"),
]


def instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def by_id(page: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {offer["id"]: offer for offer in page["items"]}


def walk(client: FlaskClient, path: str | None) -> list[UUID]:
    """Return the ids of all offers of a list, page by page."""
    found = []
    while path:
        page = fetch(client, path)
        found += [UUID(offer["id"]) for offer in page["items"]]
        path = page["links"]["next"]
    return found


def allowed(value: str) -> set[str]:
    return set(value.replace(" ", "").split(","))


@pytest.mark.parametrize("limit", [1, 4])
@pytest.mark.parametrize(
    ("query", "key"),
    [
        pytest.param("", lambda price, stock: price, id="default"),
        pytest.param("sort=price&", lambda price, stock: price, id="price"),
        pytest.param("sort=-price&", lambda price, stock: -price, id="-price"),
        pytest.param("sort=items_in_stock&", lambda price, stock: stock, id="items_in_stock"),
        pytest.param("sort=-items_in_stock&", lambda price, stock: -stock, id="-items_in_stock"),
    ],
)
def test_offers_come_sorted_with_ties_by_id(
    engine: Engine, client: FlaskClient, query: str, key: Callable[[int, int], int], limit: int
) -> None:
    product_id = make_product(engine)
    observe(engine, product_id, MARKET)
    expected = sorted(MARKET, key=lambda id_: (key(*MARKET[id_]), id_))
    assert walk(client, f"{PRODUCTS}/{product_id}/offers?{query}limit={limit}") == expected


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        pytest.param("in_stock=true", lambda stock: stock > 0, id="true"),
        pytest.param("in_stock=false", lambda stock: stock == 0, id="false"),
        pytest.param("in_stock=true&sort=-price", lambda stock: stock > 0, id="sorted"),
    ],
)
def test_in_stock_chooses_by_stock(
    engine: Engine, client: FlaskClient, query: str, chosen: Callable[[int], bool]
) -> None:
    product_id = make_product(engine)
    observe(engine, product_id, MARKET)
    found = walk(client, f"{PRODUCTS}/{product_id}/offers?{query}&limit=2")
    assert len(found) == len(set(found))
    assert set(found) == {id_ for id_, (_, stock) in MARKET.items() if chosen(stock)}


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        pytest.param("sort=name", ("sort", "choice"), id="unknown-sort"),
        pytest.param("sort=", ("sort", "choice"), id="empty-sort"),
        pytest.param("sort=price,id", ("sort", "choice"), id="two-sorts"),
        pytest.param("in_stock=1", ("in_stock", "choice"), id="number"),
        pytest.param("in_stock=True", ("in_stock", "choice"), id="another-case"),
        pytest.param("in_stock=", ("in_stock", "choice"), id="empty"),
    ],
)
def test_a_bad_choice_is_422(
    engine: Engine, client: FlaskClient, query: str, fault: tuple[str, str]
) -> None:
    response = client.get(f"{PRODUCTS}/{make_product(engine)}/offers?{query}")
    assert faults_of(response, "parameter") == {fault}


def test_an_offer_tells_since_when_it_is_what_it_is(engine: Engine, client: FlaskClient) -> None:
    product_id = make_product(engine)
    first = utc_now() - timedelta(seconds=90)
    second, third = first + timedelta(seconds=30), first + timedelta(seconds=60)
    observe(engine, product_id, {A: (10, 1), B: (20, 2)}, at=first)
    observe(engine, product_id, {A: (10, 1), B: (21, 2), C: (30, 0)}, at=second)
    observe(engine, product_id, {A: (10, 1), B: (21, 2), C: (30, 0)}, at=third)

    page = fetch(client, f"{product_id}/offers")

    assert page["checked_at"] == instant(third)
    assert page["stale"] is False
    figures = ("price", "items_in_stock", "first_seen_at", "changed_at")
    expected = {
        A: (10, 1, instant(first), instant(first)),
        B: (21, 2, instant(first), instant(second)),
        C: (30, 0, instant(second), instant(second)),
    }
    assert by_id(page) == {
        str(id_): {"id": str(id_), "product_id": str(product_id)}
        | dict(zip(figures, values, strict=True))
        for id_, values in expected.items()
    }
    for id_, offer in by_id(page).items():
        assert fetch(client, f"{product_id}/offers/{id_}") == offer


def test_an_ended_offer_leaves_the_list_and_tells_its_end(
    engine: Engine, client: FlaskClient
) -> None:
    product_id = make_product(engine)
    first = utc_now() - timedelta(seconds=90)
    ended, back = first + timedelta(seconds=30), first + timedelta(seconds=60)
    observe(engine, product_id, {A: (10, 1), B: (20, 2)}, at=first)
    observe(engine, product_id, {B: (20, 2)}, at=ended)

    assert walk(client, f"{PRODUCTS}/{product_id}/offers") == [B]
    gone = fetch(client, f"{product_id}/offers/{A}")
    assert (gone["price"], gone["items_in_stock"]) == (10, 1)
    assert (gone["first_seen_at"], gone["ended_at"]) == (instant(first), instant(ended))

    observe(engine, product_id, {A: (10, 1), B: (20, 2)}, at=back)
    returned = fetch(client, f"{product_id}/offers/{A}")
    assert "ended_at" not in returned
    assert (returned["first_seen_at"], returned["changed_at"]) == (instant(first), instant(back))


def test_before_the_first_poll_nothing_is_known(engine: Engine, client: FlaskClient) -> None:
    path = f"{PRODUCTS}/{make_product(engine)}/offers"
    page = fetch(client, path)
    assert page.pop("links") == {"self": path, "next": None}
    assert page == {"items": [], "checked_at": None, "stale": True}


def test_a_poll_that_saw_no_offer_is_a_poll(engine: Engine, client: FlaskClient) -> None:
    product_id = make_product(engine)
    observe(engine, product_id, {})
    page = fetch(client, f"{product_id}/offers")
    assert page["items"] == []
    assert page["checked_at"]
    assert page["stale"] is False
    product = fetch(client, product_id)
    assert (product["best_price"], product["offers_count"]) == (None, 0)


@pytest.mark.parametrize(
    ("age_s", "stale"), [(80, False), (120, True)], ids=["within-the-limit", "beyond-it"]
)
def test_data_is_stale_after_the_limit(
    make_app: MakeApp, engine: Engine, age_s: int, stale: bool
) -> None:
    client = make_app(stale_after_s=100.0).test_client()
    product_id = make_product(engine)
    observe(engine, product_id, {A: (10, 1)}, at=utc_now() - timedelta(seconds=age_s))
    page = fetch(client, f"{product_id}/offers")
    assert page["stale"] is stale
    assert len(page["items"]) == 1, "stale data is shown all the same"
    assert fetch(client, product_id)["stale"] is stale
    assert fetch(client, PRODUCTS)["items"][0]["stale"] is stale


def test_a_product_speaks_of_its_buyable_offers(engine: Engine, client: FlaskClient) -> None:
    product_id = make_product(engine)
    observe(engine, product_id, {A: (10, 0), B: (20, 2), C: (30, 1)})
    product = fetch(client, product_id)
    assert (product["best_price"], product["offers_count"]) == (20, 2)
    assert fetch(client, PRODUCTS)["items"] == [product]


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        pytest.param("{unknown}/offers", "product-not-found", id="list-of-unknown-product"),
        pytest.param("{unknown}/offers/{offer}", "product-not-found", id="unknown-product"),
        pytest.param("{product}/offers/{unknown}", "offer-not-found", id="unknown-offer"),
        pytest.param("{other}/offers/{offer}", "offer-not-found", id="of-another-product"),
        pytest.param("{product}/offers/1234", "not-found", id="malformed-offer-id"),
        pytest.param("1234/offers", "not-found", id="malformed-product-id"),
    ],
)
def test_what_is_not_there_is_404(
    engine: Engine, client: FlaskClient, path: str, slug: str
) -> None:
    product, other = make_product(engine), make_product(engine)
    observe(engine, product, {A: (10, 1)})
    filled = path.format(product=product, other=other, offer=A, unknown=uuid4())
    response = client.get(f"{PRODUCTS}/{filled}")
    assert response.status_code == 404
    assert response.get_json()["type"] == f"/problems/{slug}"


@pytest.mark.parametrize(("path", "methods"), PATHS)
def test_head_equals_get_without_the_body(
    engine: Engine, client: FlaskClient, path: str, methods: set[str]
) -> None:
    make_product(engine, product_id=A)
    observe(engine, A, {A: (10, 1), B: (20, 2)})
    headers = {"X-Request-ID": "same"}
    got, head = (client.open(PRODUCTS + path, method=m, headers=headers) for m in ("GET", "HEAD"))
    assert json_of(got)
    assert methods >= {"GET", "HEAD"}
    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) == dict(got.headers)


@pytest.mark.parametrize(("path", "methods"), PATHS)
def test_options_and_405_name_the_methods_that_there_are(
    client: FlaskClient, path: str, methods: set[str]
) -> None:
    options = client.options(PRODUCTS + path)
    assert options.status_code in {200, 204}
    assert allowed(options.headers["Allow"]) == methods
    for method in {"POST", "PUT", "PATCH", "DELETE", "TRACE"} - methods:
        response = client.open(PRODUCTS + path, method=method, json={"price": 1})
        assert response.status_code == 405
        assert allowed(response.headers["Allow"]) == methods
        assert response.get_json()["type"] == "/problems/method-not-allowed"

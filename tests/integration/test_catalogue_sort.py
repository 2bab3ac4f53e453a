"""The list of products in every order, page by page."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.http.cursors import _seal
from aggregator.schemas.products import SORTS
from aggregator.services import catalogue
from tests.factories import make_product
from tests.integration.api import PRODUCTS, faults_of, fetch
from tests.integration.assortment import fill, in_order, set_price
from tests.integration.lists import cursor_of, flat, ids, pages

A, B, C, D, E = (UUID(int=n) for n in range(1, 6))


def add_priced(engine: Engine, prices: dict[UUID, int | None]) -> None:
    for product_id, price in prices.items():
        make_product(engine, product_id=product_id)
        set_price(engine, product_id, price)


def texts(*product_ids: UUID) -> list[str]:
    return [str(product_id) for product_id in product_ids]


def test_what_may_be_sorted_by_is_what_can_be() -> None:
    assert set(SORTS) == catalogue.SORTS.keys()


def test_pages_of_any_size_are_the_list_in_any_order(engine: Engine, client: FlaskClient) -> None:
    items = fill(engine, client)
    for sort in SORTS:
        expected = in_order(items, sort)
        for limit in (1, 2, 3, 5, 7, len(items) - 1, len(items), 200):
            walked = list(pages(client, f"{PRODUCTS}?sort={sort}&limit={limit}&include=total"))
            assert flat(walked) == expected, (sort, limit)
            assert {page["total"] for page in walked} == {len(items)}
            assert all(len(ids(page)) == limit for page in walked[:-1])
            assert ids(walked[-1])


def test_the_oldest_come_first_unless_sorted_otherwise(engine: Engine, client: FlaskClient) -> None:
    items = fill(engine, client)
    assert ids(fetch(client, PRODUCTS)) == in_order(items, "created_at")


@pytest.mark.parametrize("sort", ["best_price", "-best_price"])
def test_who_has_no_price_comes_last(engine: Engine, client: FlaskClient, sort: str) -> None:
    add_priced(engine, {A: None, B: 5, C: 5, D: None})
    for limit in (1, 2, 3, 4):
        walked = flat(pages(client, f"{PRODUCTS}?sort={sort}&limit={limit}"))
        assert walked == texts(B, C, A, D)


@pytest.mark.parametrize("sort", ["best_price", "-best_price", "name", "-name"])
def test_nobody_has_a_price(engine: Engine, client: FlaskClient, sort: str) -> None:
    add_priced(engine, {A: None, B: None, C: None})
    assert flat(pages(client, f"{PRODUCTS}?sort={sort}&limit=1")) == texts(A, B, C)


def test_names_are_sorted_without_case_and_accents(engine: Engine, client: FlaskClient) -> None:
    names = ("Zebra", "žába", "Äpfel", "apfel", "Łódź", "lodge", "ČAJ", "cajun", "10", "Ω")
    for name in names:
        make_product(engine, name=name)
    found = fetch(client, f"{PRODUCTS}?sort=name")["items"]
    told = [item["name"] for item in found]
    assert sorted(told[1:3]) == ["apfel", "Äpfel"]
    assert told[:1] + told[3:] == ["10", "ČAJ", "cajun", "lodge", "Łódź", "žába", "Zebra", "Ω"]


def test_a_new_name_takes_its_place(engine: Engine, client: FlaskClient) -> None:
    for product_id, name in {A: "b", B: "c", C: "d"}.items():
        make_product(engine, product_id=product_id, name=name)
    assert client.patch(f"{PRODUCTS}/{C}", json={"name": "Á"}).status_code == 200
    content = {"name": "e", "description": ""}
    assert client.put(f"{PRODUCTS}/{A}", json=content).status_code == 200
    assert ids(fetch(client, f"{PRODUCTS}?sort=name")) == texts(C, B, A)


@pytest.mark.parametrize("name", ["\x01" * 255, "𠮷" * 255, '"' * 255, "\u05b0" * 255, "ﷺ" * 255])
def test_any_name_fits_into_a_cursor(engine: Engine, client: FlaskClient, name: str) -> None:
    for product_id in (A, B, C):
        make_product(engine, product_id=product_id, name=name)
    for sort in ("name", "-name"):
        walked = list(pages(client, f"{PRODUCTS}?sort={sort}&limit=1"))
        assert flat(walked) == texts(A, B, C)
        assert all(len(page["links"]["self"]) < 2300 for page in walked)


@pytest.mark.parametrize("sort", SORTS)
def test_rows_that_come_and_go_between_pages_move_no_other(
    engine: Engine, client: FlaskClient, sort: str
) -> None:
    items = fill(engine, client)
    order = in_order(items, sort)
    walk = pages(client, f"{PRODUCTS}?sort={sort}&limit=4")
    walked = ids(next(walk)) + ids(next(walk))
    # The row that the cursor was made of, one before it, and one behind it.
    gone = {order[7], order[2], order[12]}
    for product_id in gone:
        assert client.delete(f"{PRODUCTS}/{product_id}").status_code == 204
    added = {str(make_product(engine, name=name)) for name in ("0", "m", "Ω")}
    walked += flat(walk)
    assert [id_ for id_ in walked if id_ not in added] == [id_ for id_ in order if id_ != order[12]]
    assert len(walked) == len(set(walked))


@pytest.mark.parametrize(("sort", "up"), [("best_price", 1), ("-best_price", -1)])
def test_prices_that_move_between_pages_move_no_other(
    engine: Engine, client: FlaskClient, sort: str, up: int
) -> None:
    add_priced(engine, {A: 50 + 10 * up, B: 50 + 20 * up, C: 50 + 30 * up, D: 50 + 40 * up})
    add_priced(engine, {E: None})
    walk = pages(client, f"{PRODUCTS}?sort={sort}&limit=2")
    assert ids(next(walk)) == texts(A, B)
    # The row of the cursor moves on, one moves before the cursor, one loses its price.
    set_price(engine, B, 50 + 35 * up)
    set_price(engine, C, None)
    set_price(engine, D, 50 + 5 * up)
    assert flat(walk) == texts(B, C, E)


@pytest.mark.parametrize("sort", ["best_price", "-best_price"])
def test_a_cursor_among_those_without_a_price_serves_when_one_gets_one(
    engine: Engine, client: FlaskClient, sort: str
) -> None:
    add_priced(engine, {A: 5, B: None, C: None, D: None})
    walk = pages(client, f"{PRODUCTS}?sort={sort}&limit=2")
    assert ids(next(walk)) == texts(A, B)
    set_price(engine, B, 7)
    set_price(engine, C, 7)
    assert flat(walk) == texts(D)


def test_a_cursor_serves_only_its_own_query(engine: Engine, client: FlaskClient) -> None:
    fill(engine, client, 6)
    queries = [f"sort={sort}" for sort in SORTS]
    queries += ["", "q=number", "q=numbe", "registered=true", "in_stock=true", "min_price=0"]
    queries += ["max_price=99", "min_price=0&max_price=99", f"id={UUID(int=7919)},{UUID(int=5831)}"]
    for one, other in pairwise([*queries, queries[0]]):
        cursor = cursor_of(client, f"{PRODUCTS}?{one}&limit=1")
        response = client.get(f"{PRODUCTS}?{other}&cursor={cursor}")
        assert faults_of(response, "parameter") == {("cursor", "cursor")}, (one, other)
        assert ids(fetch(client, f"{PRODUCTS}?{one}&cursor={cursor}"))


def forge(client: FlaskClient, query: str, values: Any) -> str:
    """Return the path of a page behind any values, with a cursor that is sealed as ours are."""
    text = json.dumps(values).encode()
    with client.application.test_request_context(f"{PRODUCTS}?{query}"):
        sealed = _seal(text) + text
    cursor = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
    return f"{PRODUCTS}?{query}&{urlencode({'cursor': cursor})}"


@pytest.mark.parametrize(
    ("sort", "good", "wrong"),
    [
        (
            "name",
            ["a", str(A)],
            [[1, str(A)], [None, str(A)], ["a\0b", str(A)], ["\ud800", str(A)]],
        ),
        ("best_price", [5, str(A)], [["5", str(A)], [5, None], [2**63, str(A)], [1.5, str(A)]]),
        ("-best_price", [None, str(A)], [[True, str(A)], [None, "a"], [None], [None, str(A), 1]]),
        ("created_at", ["2026-01-01T00:00:00Z", str(A)], [["2026-01-01T00:00:00", str(A)], {}]),
    ],
)
def test_a_forged_cursor_of_another_type_is_422(
    client: FlaskClient, sort: str, good: list[Any], wrong: list[Any]
) -> None:
    assert ids(fetch(client, forge(client, f"sort={sort}", good))) == []
    for values in wrong:
        response = client.get(forge(client, f"sort={sort}", values))
        assert faults_of(response, "parameter") == {("cursor", "cursor")}, values


@pytest.mark.parametrize("sort", ["", "-", "price", "NAME", "name,-id", "--name", "%2Bname", "id"])
def test_another_order_is_422(client: FlaskClient, sort: str) -> None:
    response = client.get(f"{PRODUCTS}?sort={sort}")
    assert faults_of(response, "parameter") == {("sort", "choice")}

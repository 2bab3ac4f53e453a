"""The list of products by every condition, alone and together."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.schemas.products import MAX_IDS, SORTS
from aggregator.words import split_words
from tests.factories import make_product
from tests.integration.api import PRODUCTS, faults_of, fetch
from tests.integration.assortment import Item, fill, in_order, set_price
from tests.integration.lists import flat, ids, pages

Query = dict[str, Any]


def begins_each(item: Item, text: str) -> bool:
    words = split_words(f"{item['name']} {item['description']}")
    return all(any(word.startswith(part) for word in words) for part in split_words(text))


def fulfils(item: Item, query: Query) -> bool:
    """Tell whether the API promises a product under these parameters."""
    price = item["best_price"]
    conditions: dict[str, Callable[[Any], bool]] = {
        "q": lambda text: begins_each(item, text),
        "id": lambda listed: item["id"] in listed.split(","),
        "registered": lambda flag: (item["registered_at"] is not None) == (flag == "true"),
        "in_stock": lambda flag: (item["offers_count"] > 0) == (flag == "true"),
        "min_price": lambda lowest: price is not None and price >= lowest,
        "max_price": lambda highest: price is not None and price <= highest,
    }
    return all(conditions[name](value) for name, value in query.items())


def check(client: FlaskClient, items: list[Item], query: Query, sort: str, limit: int) -> int:
    """Hold a list against its definition; return how long it is."""
    expected = in_order([item for item in items if fulfils(item, query)], sort)
    asked = urlencode(query | {"sort": sort, "limit": limit, "include": "total"})
    walked = list(pages(client, f"{PRODUCTS}?{asked}"))
    assert flat(walked) == expected, asked
    assert {page["total"] for page in walked} == {len(expected)}, asked
    return len(expected)


@pytest.mark.parametrize("name", ["registered", "in_stock"])
def test_a_flag_parts_the_list(engine: Engine, client: FlaskClient, name: str) -> None:
    items = fill(engine, client, 12)
    lengths = [check(client, items, {name: flag}, "name", 4) for flag in ("true", "false")]
    assert sum(lengths) == len(items)
    assert all(lengths)


def test_bounds_of_the_price_are_inclusive(engine: Engine, client: FlaskClient) -> None:
    items = fill(engine, client)
    lengths = [
        check(client, items, {"min_price": 10, "max_price": 30}, "best_price", 2),
        check(client, items, {"min_price": 30, "max_price": 30}, "-best_price", 2),
        check(client, items, {"min_price": 40}, "created_at", 2),
        check(client, items, {"max_price": 0}, "created_at", 2),
    ]
    assert all(lengths)


def test_the_highest_price_there_is_can_be_asked_for(engine: Engine, client: FlaskClient) -> None:
    product_id = make_product(engine)
    set_price(engine, product_id, 2**63 - 1)
    query = f"min_price={2**63 - 1}&max_price={2**63 - 1}&sort=-best_price"
    assert ids(fetch(client, f"{PRODUCTS}?{query}")) == [str(product_id)]
    assert ids(fetch(client, f"{PRODUCTS}?max_price={2**63 - 2}")) == []


def test_products_are_listed_by_their_ids(engine: Engine, client: FlaskClient) -> None:
    chosen = [make_product(engine) for _ in range(3)][:2]
    listed = [*chosen, uuid4(), chosen[0]]
    asked = ",".join(str(product_id).upper() for product_id in listed)
    found = fetch(client, f"{PRODUCTS}?id={asked}&include=total")
    assert ids(found) == [str(product_id) for product_id in chosen]
    assert found["total"] == 2


def test_so_many_ids_may_be_listed_and_no_more(engine: Engine, client: FlaskClient) -> None:
    product_id = make_product(engine)
    listed = [str(UUID(int=n)) for n in range(MAX_IDS - 1)]
    found = fetch(client, f"{PRODUCTS}?id={','.join([*listed, str(product_id)])}")
    assert ids(found) == [str(product_id)]
    response = client.get(f"{PRODUCTS}?id={','.join([*listed, listed[0], listed[0]])}")
    assert faults_of(response, "parameter") == {("id", "size")}


def test_all_conditions_hold_together_in_any_order(engine: Engine, client: FlaskClient) -> None:
    items = fill(engine, client, 40)
    half = ",".join(item["id"] for item in items[::2])
    choices: dict[str, tuple[Any, ...]] = {
        "q": (None, None, "ze", "num 1", "bána", "edited"),
        "registered": (None, None, "true", "false"),
        "in_stock": (None, None, "true", "false"),
        "min_price": (None, None, 0, 20),
        "max_price": (None, None, 20, 30),
        "id": (None, half),
    }
    random = Random("filters")
    lengths = []
    for sort, _ in product(SORTS, range(12)):
        query = {name: random.choice(values) for name, values in choices.items()}
        given = {name: value for name, value in query.items() if value is not None}
        lengths.append(check(client, items, given, sort, random.choice([3, 8, 200])))
    assert sum(length > 0 for length in lengths) > len(lengths) // 4


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("registered=yes", {("registered", "choice")}),
        ("registered=True&in_stock=1", {("registered", "choice"), ("in_stock", "choice")}),
        ("registered=&in_stock=null", {("registered", "choice"), ("in_stock", "choice")}),
        ("min_price=-1", {("min_price", "range")}),
        (f"max_price={2**63}", {("max_price", "range")}),
        ("min_price=1.5&max_price=abc", {("min_price", "range"), ("max_price", "range")}),
        ("min_price=&max_price=1e3", {("min_price", "range"), ("max_price", "range")}),
        ("min_price=2&max_price=1", {("max_price", "order")}),
        ("min_price=2&max_price=1&limit=0", {("max_price", "order"), ("limit", "range")}),
        ("id=", {("id", "size")}),
        ("id=abc", {("id", "format")}),
        ("id=,", {("id", "format")}),
        (f"id={UUID(int=7)},x,{UUID(int=7)},y", {("id", "format")}),
        (f"id={UUID(int=7)}%00", {("id", "format")}),
        (f"id={UUID(int=7)}&id={UUID(int=7)}", {("id", "repeated")}),
        ("q=x&price=3", {("price", "unknown")}),
        (
            "q=...&sort=x&registered=x&min_price=x&id=x&limit=0",
            {("q", "no_words"), ("sort", "choice"), ("registered", "choice")}
            | {("min_price", "range"), ("id", "format"), ("limit", "range")},
        ),
    ],
)
def test_bad_conditions_are_422_and_all_told_at_once(
    client: FlaskClient, query: str, faults: set[tuple[str, str]]
) -> None:
    assert faults_of(client.get(f"{PRODUCTS}?{query}"), "parameter") == faults


def test_a_bad_id_is_told_by_its_place(client: FlaskClient) -> None:
    response = client.get(f"{PRODUCTS}?id={uuid4()},x,{uuid4()},")
    [error] = response.get_json()["errors"]
    assert error["detail"].endswith(": 2, 4.")

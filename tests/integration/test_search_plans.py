"""PostgreSQL searches by its index of words, or in the list's order where they are frequent."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.services import search
from tests.factories import make_product
from tests.integration.api import PRODUCTS, fetch
from tests.integration.plans import explain, recorded

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

#: Of so few rows as a test has, PostgreSQL would read all.
_AS_OF_MANY = ("seqscan", "sort", "incremental_sort", "hashjoin", "mergejoin")


@pytest.mark.parametrize(
    ("sort", "read_percent", "index"),
    [
        pytest.param("name", 0, "products_words", id="rare"),
        pytest.param("-best_price", 0, "products_words", id="rare-by-price"),
        pytest.param("name", 100, "products_sort_name_", id="frequent"),
        pytest.param("-best_price", 100, "product_sync_best_price_", id="frequent-by-price"),
    ],
)
def test_words_are_looked_up_unless_a_sample_has_many_of_them(
    engine: Engine,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    sort: str,
    read_percent: int,
    index: str,
) -> None:
    for name in ("Zebra Number 2", "Apple", "Zebra Number 1", "Number 3"):
        make_product(engine, name=name)
    monkeypatch.setattr(search, "_SAMPLE_PERCENT", read_percent)
    with recorded(engine, "SELECT", "ORDER BY") as sent:
        items = fetch(client, f"{PRODUCTS}?q=zeb+num&sort={sort}")["items"]
    assert {item["name"] for item in items} == {"Zebra Number 1", "Zebra Number 2"}
    for statement, parameters in sent:
        plan = explain(engine, statement, parameters, *_AS_OF_MANY)
        assert f"ix_{index}" in plan, plan
        assert ("ix_products_words" in plan) == (index == "products_words"), plan

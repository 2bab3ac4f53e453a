"""Lists are read from indexes: nothing is sorted, and no search reads all products."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.schemas.products import SORTS
from tests.factories import make_product
from tests.integration.api import PRODUCTS, fetch
from tests.integration.assortment import fill
from tests.integration.lists import pages
from tests.integration.plans import explain, recorded

#: Of so few rows as a test has, PostgreSQL would read all: it shall read as of many.
_AS_OF_MANY = (
    "seqscan",
    "bitmapscan",
    "hashjoin",
    "mergejoin",
    "material",
    "sort",
    "incremental_sort",
)


@pytest.mark.parametrize("sort", SORTS)
def test_every_page_is_a_stretch_of_an_index(
    engine: Engine, client: FlaskClient, sort: str
) -> None:
    fill(engine, client)
    column = sort.removeprefix("-").replace("name", "sort_name")
    table = "product_sync" if column == "best_price" else "products"
    with recorded(engine, "SELECT", "products") as sent:
        assert len(list(pages(client, f"{PRODUCTS}?sort={sort}&limit=5"))) == 5
    assert len(sent) > 5
    for statement, parameters in sent:
        plan = explain(engine, statement, parameters, *_AS_OF_MANY)
        assert f"ix_{table}_{column}_" in plan, plan
        assert "Sort" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan


@pytest.mark.parametrize("query", ["q=zeb", "q=zeb+num&sort=-name", "q=zeb&in_stock=true"])
def test_a_search_uses_its_index(engine: Engine, client: FlaskClient, query: str) -> None:
    for name in ("Zebra", "Apple"):
        make_product(engine, name=name)
    with recorded(engine, "SELECT", "products") as sent:
        fetch(client, f"{PRODUCTS}?{query}&include=total")
    assert len(sent) == 2
    for statement, parameters in sent:
        plan = explain(engine, statement, parameters, "seqscan", "indexscan", "indexonlyscan")
        found = {"postgresql": "Index Scan on ix_products_words", "sqlite": "VIRTUAL TABLE INDEX"}
        assert found[engine.name] in plan, plan


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_row_is_taken_out_of_the_search_without_reading_others(engine: Engine) -> None:
    product_id = make_product(engine)
    plans = {
        word: explain(engine, f"DELETE FROM product_search WHERE {condition}", {"id": word})
        for word, condition in {
            product_id.hex: "product_id MATCH :id",
            "everything": "product_id = :id",
        }.items()
    }
    assert "INDEX 0:M" in plans[product_id.hex]
    assert "INDEX 0:M" not in plans["everything"]

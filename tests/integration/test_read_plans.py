"""What the API reads, it reads by indexes: no table is scanned, and only pages are sorted."""

from __future__ import annotations

import re
from itertools import pairwise
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.schemas.products import SORTS
from tests.factories import make_product, observe
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
_OTHER = {"If-None-Match": '"an-old-one"'}


def sorts_more_than_a_page(plan: str) -> bool:
    """Tell whether a plan sorts what was not limited before."""
    aside = re.compile(r"Key: |Disabled: |->  (Append|Result|Subquery Scan on (page|stretch_\d))  ")
    lines = [line.strip() for line in plan.splitlines() if not aside.search(line)]
    return any(
        ("Sort  (" in line and "Limit  (" not in following)
        or ("TEMP B-TREE" in following and not re.match(r"SCAN (page|stretch_\d)$", line))
        for line, following in pairwise(lines)
    )


@pytest.mark.parametrize("sort", SORTS)
def test_every_page_is_a_stretch_of_an_index(
    engine: Engine, client: FlaskClient, sort: str
) -> None:
    fill(engine, client)
    column = sort.removeprefix("-").replace("name", "sort_name")
    table = "product_sync" if column == "best_price" else "products"
    walked = list(pages(client, f"{PRODUCTS}?sort={sort}&limit=5"))
    with recorded(engine, "SELECT", "products") as sent:
        for page in walked:
            assert client.get(page["links"]["self"], headers=_OTHER).status_code == 200
    assert len(sent) == 2 * len(walked) == 10
    for statement, parameters in sent:
        plan = explain(engine, statement, parameters, *_AS_OF_MANY)
        assert f"ix_{table}_{column}_" in plan, plan
        assert not sorts_more_than_a_page(plan), plan


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


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        pytest.param("{}", ["products", "product_sync"], id="product"),
        pytest.param("{}/offers", ["product_sync", "offers"], id="offers"),
        pytest.param("{}/offers?sort=-items_in_stock", ["product_sync", "offers"], id="sorted"),
        pytest.param("{}/offers/{}", ["offers"], id="offer"),
    ],
)
def test_what_has_an_id_is_found_by_its_key(
    engine: Engine, client: FlaskClient, path: str, keys: list[str]
) -> None:
    product_id, offer_id = make_product(engine), UUID(int=1)
    observe(engine, product_id, {offer_id: (10, 1), UUID(int=2): (12, 0)})
    with recorded(engine, "SELECT") as sent:
        url = f"{PRODUCTS}/{path.format(product_id, offer_id)}"
        assert client.get(url, headers=_OTHER).status_code == 200
    plans = [explain(engine, *each, "seqscan", "bitmapscan") for each in sent]
    for plan in plans:
        assert "Seq Scan" not in plan, plan
        assert not re.search(r"^SCAN (?!page|stretch_)", plan, re.MULTILINE), plan
    for table in keys:
        # Of a few rows PostgreSQL finds one by any index that has the id.
        found = {
            "postgresql": rf"Index Scan using \w+ on {table} .*\n\s+Index Cond: .*id = ",
            "sqlite": f"sqlite_autoindex_{table}_1",
        }
        assert re.search(found[engine.name], plans[-1]), plans[-1]


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

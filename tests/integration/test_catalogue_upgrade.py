"""After an upgrade, products of before are found and sorted as if they had been written after."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Engine, text

from aggregator.clock import utc_now
from aggregator.db import db, unit_of_work
from aggregator.schemas.products import SORTS
from aggregator.services import products
from tests.factories import make_product
from tests.integration.api import PRODUCTS, fetch
from tests.integration.assortment import fill
from tests.integration.lists import ids

#: More than are filled in at a time.
N = 2050


def derived(engine: Engine) -> list[tuple[Any, ...]]:
    query = "SELECT id, sort_name, words FROM products ORDER BY id"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@pytest.fixture
def engine(empty_app: Flask) -> Engine:
    """Return the engine of a migrated database."""
    with empty_app.app_context():
        upgrade()
        return db.engine


def upgrade_again(app: Flask) -> None:
    """Take away what searches and sorts the catalogue, and let the upgrade make it anew."""
    with app.app_context():
        downgrade(revision="0003")
        upgrade()


def test_lists_and_searches_are_as_before(empty_app: Flask, engine: Engine) -> None:
    client = empty_app.test_client()
    fill(engine, client)
    queries = [f"sort={sort}" for sort in SORTS] + ["q=ze", "q=bana+num", "q=edited"]
    before = [ids(fetch(client, f"{PRODUCTS}?{query}")) for query in queries]
    assert all(before)
    upgrade_again(empty_app)
    assert [ids(fetch(client, f"{PRODUCTS}?{query}")) for query in queries] == before


def test_a_search_follows_what_is_written_after_it(empty_app: Flask, engine: Engine) -> None:
    client = empty_app.test_client()
    changed, deleted = (make_product(engine, name="Pot") for _ in range(2))
    upgrade_again(empty_app)
    assert client.patch(f"{PRODUCTS}/{changed}", json={"name": "Pan"}).status_code == 200
    assert client.delete(f"{PRODUCTS}/{deleted}").status_code == 204
    added = make_product(engine, name="Pot")
    assert ids(fetch(client, f"{PRODUCTS}?q=pot")) == [str(added)]
    assert ids(fetch(client, f"{PRODUCTS}?q=pan")) == [str(changed)]


def test_every_product_gets_its_words(empty_app: Flask, engine: Engine) -> None:
    letters = [chr(n) for n in range(1, 0x30000) if unicodedata.category(chr(n))[0] in "LNM"]
    with unit_of_work(engine) as session:
        for n in range(N):
            part = "".join(letters[n::N])
            products.create_product(
                session,
                product_id=None,
                name=f"{n} {part}"[:255],
                description=f"{' '.join(part)} " + "x" * (n % 150),
                now=utc_now(),
            )
    before = derived(engine)
    assert len(before) == N
    upgrade_again(empty_app)
    assert derived(engine) == before

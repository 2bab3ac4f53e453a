"""After an upgrade, what is stored tells as much of the movers as it can."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.db import db
from tests.factories import make_product, observe, seal_history
from tests.integration.api import fetch
from tests.integration.past import SETTLED, Settle, rows

A, B, C = (UUID(int=n) for n in (1, 2, 3))
#: By product, what polls saw by how many hours ago.
PASTS: dict[int, dict[float, dict[UUID, tuple[int, int]]]] = {
    1: {},
    2: {9: {A: (5, 0)}, 3: {}},
    3: {50: {}, 9: {A: (5, 0), B: (7, 1), C: (6, 2)}, 8: {A: (5, 1)}},
    4: {
        50: {A: (5, 1)},
        5: {A: (3, 1), B: (3, 1)},
        4: {A: (2, 0), B: (3, 1)},
        3: {},
        2: {A: (1, 0)},
    },
    5: {50: {A: (5, 1)}, 9: {}, 8: {B: (8, 1), C: (8, 1)}, 7: {B: (9, 1), C: (9, 1)}, 6: {}},
}
#: What the upgrade cannot fill in.
UNKNOWN = "price_starts"


@pytest.fixture
def engine(empty_app: Flask) -> Engine:
    """Return a database with products that have a past."""
    now = utc_now()
    with empty_app.app_context():
        upgrade()
        for number, past in PASTS.items():
            product_id = make_product(db.engine, product_id=UUID(int=number))
            for hours, offers in past.items():
                observe(db.engine, product_id, offers, at=now - timedelta(hours=hours))
        return db.engine


def upgrade_again(app: Flask) -> None:
    """Take the tables of the movers away and let the upgrade make them anew."""
    with app.app_context():
        downgrade(revision="0002")
        upgrade()


def test_first_and_last_prices_are_found(empty_app: Flask, engine: Engine) -> None:
    before = rows(engine, UNKNOWN)
    assert [len(before[name]) for name in ("first_prices", "last_prices")] == [3, 2]
    upgrade_again(empty_app)
    assert rows(engine, UNKNOWN) == before


def test_first_prices_are_found_where_they_are_sealed(empty_app: Flask, engine: Engine) -> None:
    seal_history(engine)
    before = rows(engine, UNKNOWN, "last_prices")
    upgrade_again(empty_app)
    assert rows(engine, UNKNOWN, "last_prices") == before


@pytest.mark.parametrize("settle", SETTLED)
def test_movers_are_as_before_once_hours_are_sealed(
    empty_app: Flask, engine: Engine, settle: Settle
) -> None:
    client = empty_app.test_client()

    def told() -> Any:
        """Return what can be told of the products that are not sold out."""
        found = fetch(client, "/api/v1/movers?period=30h")["items"]
        return [{**mover, "end": None} for mover in found if mover["product"]["best_price"]]

    for number in (3, 4):
        observe(engine, UUID(int=number), {A: (9, 1)})
    settle(engine)
    before = told()
    assert [mover["change"]["absolute"] for mover in before] == [3, 4]
    upgrade_again(empty_app)
    seal_history(engine)
    assert told() == before

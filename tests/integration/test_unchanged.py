"""A poll that sees what is stored already writes nothing about offers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from aggregator.clock import utc_now
from tests.factories import make_product, observe
from tests.integration.plans import recorded

OFFERS = {UUID(int=i): (100 + i, i) for i in range(1, 4)}


def versions(engine: Engine, table: str) -> list[tuple[Any, ...]]:
    """Return a table's rows, on PostgreSQL with the transaction that wrote each, and where."""
    system = "xmin::text, ctid::text, " if engine.name == "postgresql" else ""
    with engine.connect() as connection:
        rows = connection.execute(text(f"SELECT {system}t.* FROM {table} t ORDER BY 1, 2, 3, 4"))
        return [tuple(row) for row in rows]


def test_what_did_not_change_is_not_written(engine: Engine) -> None:
    product_id = make_product(engine)
    # Not at the end of an hour: with what the next one begins is written, changed or not.
    now = utc_now().replace(minute=30)
    observe(engine, product_id, OFFERS, at=now)
    before = [versions(engine, table) for table in ("offers", "price_points")]
    with recorded(engine, "INTO") as inserts, recorded(engine, "UPDATE offers") as updates:
        observe(engine, product_id, OFFERS, at=now + timedelta(seconds=60))
    assert [statement.split()[2] for statement, _ in inserts + updates] == ["polls"]
    assert [versions(engine, table) for table in ("offers", "price_points")] == before


def test_of_one_change_one_row_is_written(engine: Engine) -> None:
    product_id, now = make_product(engine), utc_now()
    observe(engine, product_id, OFFERS, at=now)
    before = versions(engine, "offers")
    observe(engine, product_id, OFFERS | {UUID(int=2): (5, 5)}, at=now + timedelta(seconds=60))
    assert len(set(before) & set(versions(engine, "offers"))) == len(OFFERS) - 1

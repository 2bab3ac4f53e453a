"""History that the first version stored is there, as it was, after the upgrade."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Engine, select

from aggregator.db import db, reading
from aggregator.models import Poll, PricePoint, PriceSeal
from tests.factories import seal_history
from tests.integration.api import fetch
from tests.integration.past import A, B, after, rows, store, written

POLLED, POLLED_ONCE, NEVER_POLLED = (UUID(int=n) for n in (1, 2, 3))
#: By table, each row's columns.
STORED: Mapping[str, list[dict[str, Any]]] = {
    "price_points": [
        {"observed_at": after(10), "offer_id": A, "price": 5, "items_in_stock": 1},
        {"observed_at": after(10), "offer_id": B, "price": 7, "items_in_stock": 0},
        {"observed_at": after(90), "offer_id": A, "price": 2**63 - 1, "items_in_stock": 1},
        {"observed_at": after(160), "offer_id": B, "price": None, "items_in_stock": None},
    ],
    "offers": [
        {"id": A, "price": 2**63 - 1, "items_in_stock": 1, "ended_at": None}
        | {"first_seen_at": after(10), "changed_at": after(90)},
        {"id": B, "price": 7, "items_in_stock": 0, "ended_at": after(160)}
        | {"first_seen_at": after(10), "changed_at": after(10)},
    ],
    "poll_gaps": [
        {"started_at": after(105), "last_poll_at": after(100), "ended_at": after(160)},
    ],
}
CHECKED = {POLLED: (10, 200), POLLED_ONCE: (300, 300), NEVER_POLLED: (None, None)}
POLLS = {POLLED: [10, 90, 100, 160, 200], POLLED_ONCE: [300], NEVER_POLLED: []}


def insert(connection: sa.Connection, name: str, rows: list[dict[str, Any]]) -> None:
    """Write rows into a table as the migration, not the application, knows it."""
    table = sa.table(name, *(sa.column(column, type_of(rows, column)) for column in rows[0]))
    connection.execute(sa.insert(table), rows)


def type_of(rows: list[dict[str, Any]], column: str) -> sa.types.TypeEngine[Any]:
    """Return a column's type, judged by its values."""
    values = [row[column] for row in rows if row[column] is not None]
    types: dict[type, sa.types.TypeEngine[Any]] = {
        UUID: sa.Uuid(),
        datetime: sa.DateTime(timezone=True),
        int: sa.BigInteger(),
        str: sa.Text(),
    }
    return types[type(values[0])]


def write_old_history(engine: Engine) -> None:
    """Store products and a past as the first version did."""
    products = [
        {"id": id_, "name": "Kettle", "description": "", "version": 1}
        | {"created_at": after(0), "updated_at": after(0)}
        for id_ in CHECKED
    ]
    sync = [
        {"product_id": id_, "due_at": after(300), "registered_at": after(1)}
        | {"failures": 0, "offers_count": 0}
        | {"first_checked_at": first and after(first), "checked_at": last and after(last)}
        for id_, (first, last) in CHECKED.items()
    ]
    with engine.begin() as connection:
        insert(connection, "products", products)
        insert(connection, "product_sync", sync)
        for name, stored in STORED.items():
            insert(connection, name, [{"product_id": POLLED} | row for row in stored])


@pytest.fixture
def engine(empty_app: Flask) -> Engine:
    """Return a database of the first version with a past, brought up to date."""
    with empty_app.app_context():
        upgrade(revision="0001")
        write_old_history(db.engine)
        upgrade()
        return db.engine


def test_nothing_is_lost_and_seals_begin(engine: Engine) -> None:
    with reading(engine) as session:
        points = session.scalars(select(PricePoint).order_by(PricePoint.observed_at)).all()
        polls = session.scalars(select(Poll).order_by(Poll.observed_at)).all()
        seals = session.scalars(select(PriceSeal).order_by(PriceSeal.product_id)).all()
        for row in STORED["price_points"]:
            assert [p for p in points if all(getattr(p, name) == row[name] for name in row)]
        assert len(points) == len(STORED["price_points"])
        assert [(poll.product_id, poll.observed_at) for poll in polls] == [
            (id_, after(minutes)) for id_, polled in POLLS.items() for minutes in polled
        ]
        assert [(s.product_id, s.sealed_until, s.detail_from, s.due_at) for s in seals] == [
            (POLLED, after(0), after(0), after(10)),
            (POLLED_ONCE, after(300), after(300), after(300)),
        ]


def test_old_history_is_told_and_sealed_like_any_other(empty_app: Flask, engine: Engine) -> None:
    client = empty_app.test_client()
    period = f"from={written(0)}&to={written(240)}"
    paths = [
        f"{POLLED}/history?{period}",
        f"{POLLED}/trend?{period}&interval=PT1H",
        *(f"{POLLED}/offers?at={written(minutes)}" for minutes in (10, 90, 95, 105, 160, 230)),
        f"{POLLED_ONCE}/offers?at={written(301)}",
        f"{NEVER_POLLED}/trend?{period}",
    ]
    before = [fetch(client, path) for path in paths]
    assert [event["at"] for event in before[0]["items"]] == [
        written(minutes) for minutes in (10, 10, 90, 160)
    ]
    assert seal_history(engine) == 3
    assert [fetch(client, path) for path in paths] == before


def test_polls_go_on_where_the_first_version_ended(empty_app: Flask, engine: Engine) -> None:
    store(engine, {305: {A: (1, 1)}}, product_id=POLLED)
    store(engine, {305: {A: (1, 1)}}, product_id=NEVER_POLLED)
    # Nothing is over yet of the hour in which a product was polled for the first time.
    assert seal_history(engine) == 4
    page = fetch(empty_app.test_client(), f"{POLLED}/offers?at={written(304)}")
    assert page["checked_at"] == written(200)


def test_way_down_is_refused_where_hours_are_sealed(
    empty_app: Flask, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    seal_history(engine)
    before = rows(engine)
    with empty_app.app_context(), pytest.raises(SystemExit) as ended:
        downgrade(revision="0001")
    assert ended.value.code == 1
    assert "hours of history are sealed" in caplog.text
    assert rows(engine) == before


def test_way_down_leaves_what_the_first_version_knew(empty_app: Flask, engine: Engine) -> None:
    kept = ("price_points", "poll_gaps", "offers", "product_sync")
    before = rows(engine)
    with empty_app.app_context():
        downgrade(revision="0001")
        upgrade()
    now = rows(engine)
    assert [now[name] for name in kept] == [before[name] for name in kept]
    assert seal_history(engine) == 3

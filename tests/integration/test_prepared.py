"""Prepared queries: quick as long as all is well, and nothing is lost where it is not."""

from __future__ import annotations

from unittest.mock import patch
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, bindparam, literal, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from aggregator.db import unit_of_work
from aggregator.errors import DatabaseNotMigrated
from aggregator.models import Product
from aggregator.prepared import Prepared, Statement
from tests.factories import make_product
from tests.integration.api import PRODUCTS

FIND = Prepared(select(Product.name, literal("%s ?")).where(Product.id == bindparam("product_id")))


def test_it_finds_the_same_in_both_ways(engine: Engine) -> None:
    ids = [make_product(engine, name=name) for name in ("Kettle", "%s", "?")]
    for product_id in (*ids, UUID(int=1)):
        at_once = FIND.fetch(engine, product_id=product_id)
        with unit_of_work(engine) as session:
            assert FIND.rows(session, product_id=product_id) == at_once
    assert [FIND.fetch(engine, product_id=id_) for id_ in ids] == [
        [("Kettle", "%s ?")],
        [("%s", "%s ?")],
        [("?", "%s ?")],
    ]


def test_a_connection_that_was_used_has_transactions_again(engine: Engine) -> None:
    product_id = make_product(engine)
    FIND.fetch(engine, product_id=product_id)
    with unit_of_work(engine) as session:
        session.execute(text("UPDATE products SET name = 'Pot'"))
        session.rollback()
    assert FIND.fetch(engine, product_id=product_id)[0][0] == "Kettle"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_connections_that_were_lost_cost_no_answer(engine: Engine, client: FlaskClient) -> None:
    product_id = make_product(engine)
    for _ in range(3):
        assert client.get(f"{PRODUCTS}/{product_id}").status_code == 200
        with engine.connect() as connection, patch.object(engine.pool, "_pre_ping", new=False):
            ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            others = f"{ended} WHERE datname = current_database() AND pid <> pg_backend_pid()"
            connection.execute(text(others))
            assert client.get(f"{PRODUCTS}/{product_id}").status_code == 200


def test_what_fails_in_both_ways_is_told_as_sqlalchemy_does(engine: Engine) -> None:
    missing = Prepared(select(text("lost FROM nowhere")))
    with pytest.raises(DatabaseNotMigrated):
        missing.fetch(engine)
    wrong = Prepared(select(text("lost FROM FROM")))
    with pytest.raises((OperationalError, ProgrammingError)):
        wrong.fetch(engine)
    product_id = make_product(engine)
    assert FIND.fetch(engine, product_id=product_id)


def test_a_failure_on_the_quick_way_is_not_told(engine: Engine) -> None:
    product_id = make_product(engine)
    broken = engine.dialect.loaded_dbapi.OperationalError("the server closed the connection")
    with patch.object(Statement, "send", side_effect=broken):
        assert FIND.fetch(engine, product_id=product_id) == [("Kettle", "%s ?")]

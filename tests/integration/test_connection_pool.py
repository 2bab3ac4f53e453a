"""Connections to the database: few are enough, and nobody keeps one while waiting."""

from __future__ import annotations

from contextlib import closing
from functools import partial

from flask.testing import FlaskClient
from sqlalchemy import Engine, QueuePool, select

from aggregator import create_app
from aggregator.db import db
from aggregator.settings import Settings
from tests.at_once import at_once
from tests.conftest import MakeApp
from tests.integration.conftest import Catalogue

API = "/api/v1/products"


def test_one_connection_serves_many_requests_at_once(make_app: MakeApp) -> None:
    app = make_app(database_pool_size=1)

    def create(name: str) -> int:
        headers = {"Idempotency-Key": name}
        return app.test_client().post(API, json={"name": name}, headers=headers).status_code

    assert at_once([partial(create, f"Product {i}") for i in range(8)]) == [201] * 8


def test_stream_that_is_taken_slowly_keeps_no_connection(
    client: FlaskClient, engine: Engine, catalogue: Catalogue
) -> None:
    catalogue.add(600)
    with closing(client.get(f"{API}/export", buffered=False)) as response:
        lines = iter(response.response)
        assert next(lines)
        assert isinstance(engine.pool, QueuePool)
        assert engine.pool.checkedout() == 0


def test_request_that_gets_no_connection_is_told_to_try_again(postgres_url: str) -> None:
    url = postgres_url.replace("postgresql://", "postgresql+psycopg2://")
    app = create_app(Settings(database_url=url, database_pool_size=1, log_level="error"))
    with app.app_context():
        engine = db.engine
    with engine.connect() as connection:
        connection.execute(select(1))
        response = app.test_client().get(API)
    engine.dispose()
    assert response.status_code == 503
    assert response.headers["Retry-After"]

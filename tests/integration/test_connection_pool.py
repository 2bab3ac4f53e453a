"""Connections to the database: few are enough, and nobody keeps one while waiting."""

from __future__ import annotations

import select as sockets
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg2 import extensions
from sqlalchemy import (
    Connection,
    Engine,
    NullPool,
    QueuePool,
    create_engine,
    func,
    make_url,
    select,
    text,
)

from aggregator import create_app
from aggregator.db import db
from aggregator.engines import engine_options
from aggregator.settings import Settings
from tests.at_once import at_once
from tests.conftest import MakeApp
from tests.integration.conftest import Catalogue

API = "/api/v1/products"


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Engine]:
    """Return an engine on PostgreSQL, as the application's are."""
    url = make_url(postgres_url).set(drivername="postgresql+psycopg2")
    engine = create_engine(url, **engine_options("postgresql:"))
    yield engine
    engine.dispose()


@pytest.fixture
def other(postgres: Engine) -> Engine:
    """Return an engine on the same database that keeps no connections."""
    return create_engine(postgres.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")


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


def test_connection_that_the_server_ended_costs_no_error_and_no_other_is_trusted(
    postgres: Engine, other: Engine
) -> None:
    old = _fill_pool(postgres)
    with other.connect() as connection:
        # What came back first goes out first.
        assert connection.scalar(select(func.pg_terminate_backend(old[-1], 20_000)))
    assert not set(old) & set(_fill_pool(postgres))


def test_connection_that_heard_something_is_kept(postgres: Engine, other: Engine) -> None:
    with postgres.connect() as connection:
        connection.execute(text("LISTEN news"))
        connection.commit()
        heard = _of_driver(connection)
    with other.connect() as connection:
        connection.execute(text("NOTIFY news"))
    assert sockets.select([heard], [], [], 20)[0]
    with postgres.connect() as connection:
        assert _of_driver(connection) is heard
        assert heard.notifies
        assert heard.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE


def _fill_pool(engine: Engine) -> list[int]:
    """Let the pool hand out three connections at once; return their backends."""
    with ExitStack() as stack:
        return [_pid(stack.enter_context(engine.connect())) for _ in range(3)]


def _pid(connection: Connection) -> int:
    """Return the process of the server that serves a connection."""
    return int(connection.scalars(select(func.pg_backend_pid())).one())


def _of_driver(connection: Connection) -> Any:
    """Return the driver's own connection."""
    return connection.connection.dbapi_connection

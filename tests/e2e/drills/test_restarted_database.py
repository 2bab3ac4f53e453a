"""PostgreSQL is stopped hard while everybody works, and started again.

Pollers live on: what they had fetched waits for the database, and no answer is lost.
"""

from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, text

from aggregator.clock import to_ms, utc_now
from aggregator.database_errors import DATABASE_UNAVAILABLE
from aggregator.engines import engine_options
from aggregator.models import ProductSync
from tests.databases import migrated, sqlalchemy_url, stop_hard
from tests.e2e.answers import list_answers
from tests.e2e.claims import wait_for_claims
from tests.e2e.conftest import Start, Web
from tests.e2e.drills.clients import Clients
from tests.e2e.drills.size import by_size
from tests.e2e.drills.state import find_crashes, wait_for_polls
from tests.e2e.history_check import check_history
from tests.e2e.processes import POLLER
from tests.e2e.reader import Reader
from tests.sandbox_control import SandboxControl

pytestmark = pytest.mark.waits

STOPS = by_size(1, 3)
AWAY_S = by_size(4, 15)
N_PRODUCTS = 40


@pytest.fixture
def fresh_database_url(own_postgres: Any) -> str:
    """Return the URL of a migrated database on a server that the test may stop."""
    return migrated(sqlalchemy_url(own_postgres))


def test_a_database_that_is_stopped_hard_costs_nothing_but_time(
    start: Start,
    settings: dict[str, str],
    upstream: SandboxControl,
    web: Web,
    engine: Engine,
    own_postgres: Any,
) -> None:
    reader = Reader(web, engine, [UUID(web.create(f"Product {i}")) for i in range(N_PRODUCTS)])
    clients, chance = Clients(web, reader), random.Random(3)
    upstream.faults(latency_ms=50, paths=["offers"])
    pollers = [start(*POLLER, **settings) for _ in range(2)]
    with clients.at_work():
        for _ in range(STOPS):
            wait_for_polls(engine)
            upstream.tick()
            wait_for_claims(engine, ProductSync, timedelta(0), timeout_s=15)
            time.sleep(chance.uniform(0, 0.3))
            stop_hard(own_postgres)
            upstream.tick()
            refused = web.call("POST", "/products", json={"name": "Lost"})
            assert refused.status_code == 503
            assert refused.json()["type"] == "/problems/database-unavailable"
            time.sleep(AWAY_S)
            own_postgres.start()
            started_at = to_ms(utc_now())
            # Long before the leases end that were given before.
            wait_for_polls(engine, started_at, timeout_s=20)
    wait_for_polls(engine)
    assert [poller.stop() for poller in pollers] == [0, 0]

    clients.check()
    assert clients.refusals
    assert all('"database_unavailable"' in poller.said() for poller in pollers)
    assert find_crashes(*pollers, web.process) == []
    check_history(reader, engine, list_answers(upstream.log()))


def test_a_server_that_dies_between_two_statements_is_a_database_that_is_unavailable(
    own_postgres: Any,
) -> None:
    engine = create_engine(sqlalchemy_url(own_postgres))
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        stop_hard(own_postgres)
        with pytest.raises(DATABASE_UNAVAILABLE):
            connection.execute(text("SELECT 1"))
    engine.dispose()


def test_a_server_that_is_back_costs_no_request(own_postgres: Any) -> None:
    url = sqlalchemy_url(own_postgres)
    engine = create_engine(url, **engine_options(url))
    _use_both(engine)
    stop_hard(own_postgres)
    own_postgres.start()
    _use_both(engine)
    engine.dispose()


def _use_both(engine: Engine) -> None:
    with engine.connect() as one, engine.connect() as other:
        assert one.scalar(text("SELECT 1")) == other.scalar(text("SELECT 1")) == 1

"""A disk that is full under SQLite, and a PostgreSQL that turns read-only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from aggregator.clock import to_ms, utc_now
from tests.databases import migrated, new_postgres_database
from tests.e2e.answers import list_answers
from tests.e2e.beside import beside
from tests.e2e.conftest import Start, start_web
from tests.e2e.drills.sick_databases import (
    FullDisk,
    LimitedFiles,
    ReadOnlyPostgres,
    SickDatabase,
    small_disk,
)
from tests.e2e.drills.size import FULL, by_size
from tests.e2e.drills.state import find_crashes, wait_for_polls
from tests.e2e.history_check import check_history
from tests.e2e.processes import POLLER, Process
from tests.e2e.reader import Reader
from tests.sandbox_control import SandboxControl

pytestmark = pytest.mark.waits

N_PRODUCTS = by_size(20, 200)
ILL_FOR_S = by_size(2, 20)
#: Long before the leases end that were given before.
PATIENCE_S = 25


@pytest.fixture
def processes() -> list[Process]:
    """Return the processes that use the database."""
    return []


@pytest.fixture(params=["limit", "read-only", *(["disk"] if FULL else [])])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, processes: list[Process]
) -> Iterator[SickDatabase]:
    """Return a migrated database that can fall ill."""
    match request.param:
        case "limit":
            yield LimitedFiles(migrated(f"sqlite:///{tmp_path}/aggregator.db"), processes)
        case "disk":
            folder = tmp_path / "disk"
            folder.mkdir()
            with small_disk(folder):
                yield FullDisk(migrated(f"sqlite:///{folder}/aggregator.db"), folder)
        case _:
            with new_postgres_database(request.getfixturevalue("postgres_url")) as url:
                yield ReadOnlyPostgres(migrated(url))


@pytest.fixture
def fresh_database_url(database: SickDatabase) -> str:
    """Return the URL of the database that can fall ill."""
    return database.url


def test_what_cannot_be_written_is_said_and_made_up_for(
    start: Start,
    settings: dict[str, str],
    upstream: SandboxControl,
    engine: Engine,
    database: SickDatabase,
    processes: list[Process],
) -> None:
    web = start_web(start, settings)
    product_ids = [web.create(f"Product {i}") for i in range(N_PRODUCTS)]
    poller = start(*POLLER, **settings)
    wait_for_polls(engine)

    processes += [web.process, poller]
    database.fall_ill()
    with beside(upstream.tick, pause_s=0.2):
        poller.wait_for('"database_unavailable"')
    time.sleep(ILL_FOR_S)
    assert all(web.call("GET", f"/products/{id_}/offers").ok for id_ in product_ids)
    # What is small may still find room, until there is none.
    while (refused := web.call("POST", "/products", json={"name": "Late"})).ok:
        pass
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/database-unavailable")
    upstream.tick()
    recovered_at = to_ms(utc_now())
    database.recover()
    wait_for_polls(engine, recovered_at, timeout_s=PATIENCE_S)
    poller.wait_for('"database_back"')
    assert poller.stop() == 0

    assert not find_crashes(poller, web.process)
    reader = Reader(web, engine, [UUID(product_id) for product_id in product_ids])
    check_history(reader, engine, list_answers(upstream.log()))
    web.close()

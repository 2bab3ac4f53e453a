"""``flask db-copy`` killed in the middle leaves nothing behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from aggregator.db import reading
from aggregator.engines import engine_options
from aggregator.services.copying import TABLES, count_rows
from tests.databases import migrated, new_postgres_database
from tests.e2e.conftest import Start
from tests.factories import make_product, observe
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

DB_COPY = [sys.executable, "-m", "flask", "--app", "wsgi", "db-copy"]


@pytest.fixture
def target(postgres_url: str) -> Iterator[Engine]:
    """Return an engine of a migrated database that is empty."""
    with new_postgres_database(postgres_url) as url:
        engine = create_engine(migrated(url), **engine_options(url))
        yield engine
        engine.dispose()


def count_sessions(watcher: Connection, condition: str) -> int:
    """Return how many transactions of others there are, of which a condition holds."""
    others = "datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
    query = f"SELECT count(*) FROM pg_stat_activity WHERE {others} AND {condition}"
    return int(watcher.scalar(text(query)) or 0)


def test_a_copy_that_is_killed_leaves_the_target_empty_and_can_be_made_again(
    start: Start, target: Engine, tmp_path: Path
) -> None:
    source_url = migrated(f"sqlite:///{tmp_path}/source.db")
    source = create_engine(source_url)
    observe(source, make_product(source), {})
    environ = {
        "DATABASE_URL": target.url.render_as_string(hide_password=False),
        "SOURCE_DATABASE_URL": source_url,
    }
    with target.connect().execution_options(isolation_level="AUTOCOMMIT") as watcher:
        with target.connect() as blocker:
            # Others may read the last table meanwhile, but not write it.
            blocker.execute(text(f"LOCK TABLE {TABLES[-1].name} IN SHARE MODE"))
            killed = start(*DB_COPY, **environ)
            wait_until(lambda: count_sessions(watcher, "wait_event_type = 'Lock'"))
            killed.kill()
        # Only now can the server find out that nobody listens any more.
        wait_until(lambda: not count_sessions(watcher, "true"))
    assert "copied" not in killed.said()
    with reading(target) as session:
        assert set(count_rows(session).values()) == {0}
    again = start(*DB_COPY, **environ)
    assert again.wait() == 0, again.said()
    with reading(source) as before, reading(target) as after:
        assert count_rows(after) == count_rows(before)
    source.dispose()

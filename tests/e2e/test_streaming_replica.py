"""A real streaming replica of PostgreSQL: behind, caught up, and gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from aggregator import create_app
from aggregator.db import db
from aggregator.settings import Settings
from tests.conftest import NOWHERE
from tests.databases import migrated, new_postgres_database, postgres_server, standby_of
from tests.integration.api import PRODUCTS, create, fetch
from tests.waiting import wait_until

pytestmark = pytest.mark.waits


@pytest.fixture
def primary() -> Iterator[Any]:
    """Return a PostgreSQL server that can be followed."""
    with postgres_server() as server:
        yield server


def test_reads_go_to_the_replica_and_survive_its_lag_and_its_end(
    primary: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with new_postgres_database(primary.get_uri()) as url, standby_of(primary) as standby:
        migrated(url)
        name, server = make_url(url).database, make_url(standby.get_uri())
        replica_url = server.set(drivername="postgresql+psycopg2", database=name)
        watcher = create_engine(replica_url, isolation_level="AUTOCOMMIT").connect()
        wait_until(lambda: watcher.scalar(text("SELECT to_regclass('pollers')")))
        settings = Settings(
            database_url=url,
            database_url_readonly=replica_url.render_as_string(hide_password=False),
            offers_base_url=NOWHERE,
            log_level="warning",
        )
        app = create_app(settings)
        client = app.test_client()

        watcher.execute(text("SELECT pg_wal_replay_pause()"))
        created = create(client)
        assert fetch(client, PRODUCTS)["items"] == [], "the replica is behind"
        assert fetch(client, created["id"]) == created
        watcher.execute(text("SELECT pg_wal_replay_resume()"))
        wait_until(lambda: fetch(client, PRODUCTS)["items"] == [created])
        assert "replica_failed" not in capsys.readouterr().err

        watcher.engine.dispose()
        watcher.close()
        standby.stop()
        assert fetch(client, PRODUCTS)["items"] == [created]
        assert capsys.readouterr().err.count("replica_failed") == 1
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()

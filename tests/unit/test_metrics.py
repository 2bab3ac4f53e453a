"""What ``/metrics`` tells where files or databases are not as they should be."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from sqlalchemy import create_engine

from aggregator import create_app
from aggregator.operations.metrics.database import DatabaseCollector
from aggregator.operations.metrics.processes import AllProcesses
from aggregator.settings import Settings
from tests.scrape import Scrape


def test_a_process_that_is_just_beginning_spoils_nothing(tmp_path: Path) -> None:
    for pid, n in ((1, 3.0), (2, 4.0)):
        with closing(MmapedDict(str(tmp_path / f"counter_{pid}.db"))) as values:
            values.write_value(mmap_key("aggregator_a", "aggregator_a_total", [], [], "A"), n, 0.0)
    (tmp_path / "counter_3.db").touch()
    (tmp_path / "gauge_livesum_3.db").symlink_to("gone")
    registry = CollectorRegistry()
    registry.register(AllProcesses(tmp_path))
    assert Scrape(generate_latest(registry).decode()).value("a_total") == 7


def test_a_database_that_is_away_leaves_what_the_web_server_counted() -> None:
    app = create_app(
        Settings(database_url="postgresql+psycopg2://127.0.0.1:9/a", log_level="error")
    )
    client = app.test_client()
    client.get("/docs")
    told = Scrape(client.get("/metrics").text)
    assert told.value("database_up") == 0
    assert told.value("http_requests_total", route="/docs", method="GET", status="200") == 1


def test_a_database_that_hangs_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        engine = create_engine(
            f"postgresql+psycopg2://127.0.0.1:{port}/a", connect_args={"connect_timeout": 10}
        )
        registry = CollectorRegistry()
        registry.register(DatabaseCollector(engine, Settings(), within_s=0.05))
        for _ in range(2):
            assert Scrape(generate_latest(registry).decode()).value("database_up") == 0
        silent.settimeout(0.2)
        connection, _ = silent.accept()
        with connection:
            with pytest.raises(TimeoutError):
                # While one waits for it, nobody else asks.
                silent.accept()
            connection.settimeout(0.2)
            assert connection.recv(100)
            with pytest.raises(TimeoutError):
                # And that one waits still.
                connection.recv(100)

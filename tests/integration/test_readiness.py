"""``/healthz`` and ``/readyz``: what a load balancer and an orchestrator go by."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, text

from aggregator import create_app
from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.services.health import brief_reading
from aggregator.services.health.readiness import Readiness
from aggregator.services.pollers import poller_seen
from aggregator.services.schema import read_schema
from aggregator.settings import Settings
from tests.conftest import MakeApp
from tests.factories import make_product, observe

SECRET = "hunter2"
ALL_OK = {"database": "ok", "migrations": "ok", "poller": "ok", "freshness": "ok"}


def ready(client: FlaskClient, status: int = 200) -> dict[str, Any]:
    """Return the answer of ``/readyz`` after checking its form."""
    response = client.get("/readyz")
    assert response.status_code == status, response.text
    assert response.headers["Cache-Control"] == "no-store"
    body: dict[str, Any] = json.loads(response.data)
    assert list(body) == ["status", "checks"]
    assert [check["name"] for check in body["checks"]] == list(ALL_OK)
    for check in body["checks"]:
        assert list(check) == ["name", "verdict", "detail"]
        assert check["detail"].endswith(".")
    return body


def verdicts(body: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["verdict"] for check in body["checks"]}


def detail(body: dict[str, Any], name: str) -> str:
    [found] = [check["detail"] for check in body["checks"] if check["name"] == name]
    return str(found)


def see_poller(engine: Engine, *, seconds_ago: float = 1.0) -> None:
    at = utc_now() - timedelta(seconds=seconds_ago)
    with unit_of_work(engine) as session:
        poller_seen(session, uuid4(), host="secret-host", pid=1, started_at=at, now=at)


def set_revision(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


@pytest.fixture
def other_revision(engine: Engine) -> Iterator[Engine]:
    """Return an engine whose database gets its revision back in the end."""
    with engine.connect() as connection:
        revision = read_schema(connection).wanted
    yield engine
    set_revision(engine, revision)


def test_fresh_data_and_a_running_poller_are_ready(client: FlaskClient, engine: Engine) -> None:
    see_poller(engine)
    observe(engine, make_product(engine), {})
    body = ready(client)
    assert (body["status"], verdicts(body)) == ("ready", ALL_OK)
    assert "secret-host" not in json.dumps(body)


@pytest.mark.parametrize("seconds_ago", [None, 121])
def test_an_absent_poller_degrades(
    client: FlaskClient, engine: Engine, seconds_ago: float | None
) -> None:
    if seconds_ago is not None:
        see_poller(engine, seconds_ago=seconds_ago)
    body = ready(client)
    assert (body["status"], verdicts(body)) == ("degraded", ALL_OK | {"poller": "warning"})


def test_stale_data_degrade_where_there_is_much_of_it(client: FlaskClient, engine: Engine) -> None:
    see_poller(engine)
    for _ in range(11):
        observe(engine, make_product(engine), {})
    stale = make_product(engine)
    observe(engine, stale, {}, at=utc_now() - timedelta(seconds=301))
    for _ in range(5):
        make_product(engine)
    assert "Overdue: 1 of 17 products." in detail(ready(client), "freshness")
    assert ready(client)["status"] == "ready"
    observe(engine, make_product(engine), {}, at=utc_now() - timedelta(seconds=301))
    body = ready(client)
    assert (body["status"], verdicts(body)) == ("degraded", ALL_OK | {"freshness": "warning"})


@pytest.mark.parametrize(
    ("revision", "status", "verdict"),
    [
        pytest.param("0006", 503, "failure", id="behind"),
        pytest.param("9999", 200, "ok", id="ahead"),
        pytest.param("4d2a", 503, "failure", id="of-another-program"),
    ],
)
def test_the_tables_must_serve_this_release(
    client: FlaskClient, other_revision: Engine, revision: str, status: int, verdict: str
) -> None:
    set_revision(other_revision, revision)
    body = ready(client, status)
    assert verdicts(body)["migrations"] == verdict
    assert (body["status"] == "unready") is (status == 503)


def test_a_database_without_tables_is_unready(empty_app: Flask) -> None:
    client = empty_app.test_client()
    body = ready(client, 503)
    assert body["status"] == "unready"
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"postgresql+psycopg2://u:{SECRET}@127.0.0.1:9/db", id="postgresql"),
        pytest.param(f"sqlite:////nowhere/{SECRET}/aggregator.db", id="sqlite"),
    ],
)
def test_a_database_that_is_away_is_unready_and_leaks_nothing(url: str) -> None:
    client = create_app(Settings(database_url=url, log_level="error")).test_client()
    body = ready(client, 503)
    assert body["status"] == "unready"
    assert verdicts(body)["database"] == "failure"
    assert not re.search(rf"{SECRET}|127\.0\.0\.1|psycopg|sqlite", json.dumps(body))
    assert client.get("/healthz").status_code == 200


def test_a_table_that_is_locked_is_not_waited_for(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brief_reading, "_LONGEST_MS", "50")
    lock = {"sqlite": "DELETE FROM products", "postgresql": "LOCK TABLE product_sync"}
    with unit_of_work(engine) as session:
        session.execute(text(lock[engine.name]))
        body = ready(client, {"sqlite": 200, "postgresql": 503}[engine.name])
    # On SQLite nobody waits for a writer.
    told = {"sqlite": "It answers.", "postgresql": "It cannot be read."}
    assert detail(body, "database") == told[engine.name]


def test_looking_makes_no_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/aggregator.db"
    ready(create_app(Settings(database_url=url, log_level="error")).test_client(), 503)
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_hangs_is_waited_for_once_and_not_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = create_engine(f"postgresql+psycopg2://u@127.0.0.1:{silent.getsockname()[1]}/db")
        readiness = Readiness(engine, stale_after=timedelta(seconds=1), within_s=0.2)
        with ThreadPool(5) as pool:
            for checks in pool.map(lambda _: readiness.checks(), range(10)):
                assert checks[0].detail == "It does not answer in time."
        silent.settimeout(0)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_probes_need_no_token_and_count_for_nothing(make_app: MakeApp) -> None:
    client = make_app(api_auth="all", rate_limit="1/hour").test_client()
    for path in ("/healthz", "/readyz"):
        for _ in range(3):
            response = client.get(path)
            assert response.status_code == 200
            assert "RateLimit" not in response.headers
        head = client.head(path)
        assert (head.status_code, head.data) == (200, b"")
    assert client.get("/api/v1/products").status_code == 401


def test_probes_are_logged_only_where_they_fail(
    make_app: MakeApp, other_revision: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_app(log_level="info").test_client()
    ready(client)
    client.get("/healthz")
    assert capsys.readouterr().err == ""
    set_revision(other_revision, "0001")
    ready(client, 503)
    [line] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["path"], line["status"]) == ("request", "/readyz", 503)

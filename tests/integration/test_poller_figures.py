"""What pollers count reaches the web server through the database, however they come and go."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from unittest.mock import Mock

import pytest
from flask.testing import FlaskClient
from prometheus_client import generate_latest
from sqlalchemy import Engine, func, select, text

from aggregator.clock import utc_now
from aggregator.db import reading, unit_of_work
from aggregator.metric_families import FAMILIES
from aggregator.models import PriceDetail
from aggregator.services.offers_service import connect_offers_service
from aggregator.services.poller_figures import add_figures
from aggregator.settings import Settings
from poller.heartbeat import Heartbeat
from poller.metrics import PollerMetrics
from poller.poll_job import PollJob
from poller.seal_job import SealJob
from tests.conftest import NOWHERE, REFRESH_TOKEN
from tests.factories import observe
from tests.integration.conftest import Catalogue
from tests.sandbox_control import SandboxControl
from tests.scrape import Scrape

NAMES = tuple(family.name for family in FAMILIES)


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


def fleet(client: FlaskClient) -> Scrape:
    return Scrape(client.get("/metrics").text)


def told_by(metrics: PollerMetrics) -> Scrape:
    return Scrape(generate_latest(metrics.registry).decode())


def poll(engine: Engine, base_url: str) -> PollerMetrics:
    """Poll all that is due and return what was counted."""
    metrics = PollerMetrics()
    settings = Settings(
        offers_base_url=base_url, offers_refresh_token=REFRESH_TOKEN, offers_timeout_s=1.0
    )
    service = connect_offers_service(
        settings, engine, timeout_s=1.0, on_call=metrics.called_upstream
    )
    job = PollJob(settings, engine, service, Event(), metrics, on_progress=Mock())
    job.run_all()
    job.close()
    return metrics


def test_a_poller_counts_what_it_does(
    engine: Engine, catalogue: Catalogue, sandbox: SandboxControl
) -> None:
    catalogue.add(3)
    told = told_by(poll(engine, sandbox.base_url))
    assert told.value("products_claimed_total") == 3
    assert told.value("polls_total", outcome="answered") == 3
    assert told.value("polls_total", outcome="unavailable") == 0
    assert told.value("rows_written_total", table="polls") == 3
    assert told.value("offers_service_up") == 1
    for operation, n in {"sign_up": 1, "register": 3, "fetch_offers": 3}.items():
        name = "upstream_request_duration_seconds_count"
        assert told.value(name, operation=operation) == n
    assert told.value("claim_lag_seconds_count") == 3
    # They had been due for a second.
    assert told.value("claim_lag_seconds_bucket", le="0.5") == 0
    assert told.value("process_cpu_seconds_total") is None, "these have names of their own"
    assert "process_cpu_seconds_total" in told.families


def test_a_service_that_is_away_is_counted_as_such(engine: Engine, catalogue: Catalogue) -> None:
    catalogue.add(1)
    told = told_by(poll(engine, NOWHERE))
    assert told.value("polls_total", outcome="no_token") == 1
    assert told.value("offers_service_up") == 0
    assert told.value("upstream_request_duration_seconds_count", operation="sign_up") == 1


def test_sealed_hours_are_counted(engine: Engine, catalogue: Catalogue) -> None:
    [product_id] = catalogue.add(1)
    observe(engine, product_id, {}, at=utc_now() - timedelta(hours=3))
    observe(engine, product_id, {})
    metrics = PollerMetrics()
    SealJob(Settings(), engine, Event(), metrics).run_all()
    with reading(engine) as session:
        n_rows = session.scalar(select(func.count()).select_from(PriceDetail))
    assert n_rows
    assert told_by(metrics).value("rows_written_total", table="price_detail") == n_rows


def test_all_pollers_figures_are_added_up(
    engine: Engine, client: FlaskClient, catalogue: Catalogue, sandbox: SandboxControl
) -> None:
    expected: dict[object, float] = {}
    for n in (2, 3):
        catalogue.add(n)
        metrics = poll(engine, sandbox.base_url)
        heartbeat = Heartbeat(engine, metrics)
        heartbeat.beat()
        heartbeat.end()
        for key, value in told_by(metrics).of(*NAMES).items():
            expected[key] = expected.get(key, 0.0) + value
    told = fleet(client)
    assert told.value("polls_total", outcome="answered") == 5
    assert told.of(*NAMES) == pytest.approx(expected)


def test_each_beat_adds_what_came_since_the_last(
    engine: Engine, client: FlaskClient, clock: list[float]
) -> None:
    metrics = PollerMetrics()
    heartbeat = Heartbeat(engine, metrics, clock=lambda: clock[0])
    metrics.called_upstream("register", 0.07)
    heartbeat.beat()
    name = "upstream_request_duration_seconds"
    assert fleet(client).value(f"{name}_count", operation="register") == 1
    metrics.called_upstream("register", 3.0)
    clock[0] = 10.0
    heartbeat.beat()
    heartbeat.end()
    told = fleet(client)
    assert told.value(f"{name}_count", operation="register") == 2
    assert told.value(f"{name}_sum", operation="register") == pytest.approx(3.07)
    assert told.value(f"{name}_bucket", operation="register", le="0.1") == 1
    assert told.value(f"{name}_bucket", operation="register", le="+Inf") == 2


@pytest.mark.parametrize("table", ["pollers", "poller_figures"])
def test_a_beat_that_fails_loses_nothing_and_adds_nothing_twice(
    engine: Engine, client: FlaskClient, table: str
) -> None:
    metrics = PollerMetrics()
    heartbeat = Heartbeat(engine, metrics)
    metrics.sealed(2)
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO away"))
    with pytest.raises(Exception, match=table):
        heartbeat.beat()
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE away RENAME TO {table}"))
    metrics.sealed(1)
    heartbeat.beat()
    heartbeat.end()
    assert fleet(client).value("rows_written_total", table="price_detail") == 3


def test_figures_of_other_versions_are_left_out(engine: Engine, client: FlaskClient) -> None:
    heartbeat = Heartbeat(engine, PollerMetrics())
    heartbeat.beat()
    before = fleet(client)
    with unit_of_work(engine) as session:
        add_figures(
            session,
            {
                ("aggregator_of_old_total", "{}"): 7.0,
                ("aggregator_claim_lag_seconds_bucket", '{"le": "17.0"}'): 7.0,
            },
        )
    assert fleet(client).of(*NAMES) == before.of(*NAMES)

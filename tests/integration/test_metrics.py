"""``/metrics``: every request is counted, and what the database knows is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, QueuePool, text, update

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.models import ProductSync
from aggregator.services.health import brief_reading
from aggregator.services.pace import slow_down
from aggregator.services.rates import Limits
from poller.heartbeat import Heartbeat
from poller.metrics import PollerMetrics
from tests.conftest import NOWHERE, MakeApp
from tests.factories import make_product, make_token
from tests.integration.api import PRODUCTS, create, faults_of
from tests.sandbox_control import SandboxControl
from tests.scrape import Scrape

NOBODY = "9e693843-d3aa-4738-8600-bf68be0f6cd5"


def scrape(client: FlaskClient) -> Scrape:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.mimetype == "text/plain"
    return Scrape(response.text)


def requests_of(told: Scrape) -> dict[tuple[str, str, str], float]:
    """Return how many requests were counted, by route, method and status."""
    return {
        (labels["route"], labels["method"], labels["status"]): value
        for (name, pairs), value in told.samples.items()
        if name == "aggregator_http_requests_total"
        for labels in [dict(pairs)]
    }


def set_sync(engine: Engine, product_id: UUID, **values: Any) -> None:
    with unit_of_work(engine) as session:
        session.execute(
            update(ProductSync).where(ProductSync.product_id == product_id).values(values)
        )


def test_requests_are_counted_by_route_method_and_status(client: FlaskClient) -> None:
    client.get(f"{PRODUCTS}/{NOBODY}")
    client.get(f"{PRODUCTS}/{NOBODY}")
    client.get(PRODUCTS)
    client.head(PRODUCTS)
    faults_of(client.get(f"{PRODUCTS}?limit=0"), "parameter")
    assert requests_of(scrape(client)) == {
        ("/api/v1/products/<uuid:product_id>", "GET", "404"): 2,
        (PRODUCTS, "GET", "200"): 1,
        (PRODUCTS, "HEAD", "200"): 1,
        (PRODUCTS, "GET", "422"): 1,
    }


def test_times_are_counted_by_route_and_method(client: FlaskClient) -> None:
    for query in ("", "?limit=0"):
        client.get(PRODUCTS + query)
    told = scrape(client)
    labels = {"route": PRODUCTS, "method": "GET"}
    assert told.value("http_request_duration_seconds_count", **labels) == 2
    assert told.value("http_request_duration_seconds_bucket", **labels, le="+Inf") == 2
    seconds = told.value("http_request_duration_seconds_sum", **labels)
    assert seconds is not None
    assert 0 < seconds < 60


def test_clients_cannot_make_up_labels(client: FlaskClient) -> None:
    for i in range(3):
        client.get(f"/nowhere/{i}")
        client.get(f"{PRODUCTS}/{i}")
        client.open(PRODUCTS, method=f"FOO{i}")
        client.get(f"/nul%00{i}")
    assert requests_of(scrape(client)) == {
        ("none", "GET", "404"): 6,
        ("none", "other", "405"): 3,
        ("none", "GET", "400"): 3,
    }


def test_a_request_is_in_progress_until_it_ends(client: FlaskClient) -> None:
    client.get(PRODUCTS)
    client.get("/nul%00")
    told = scrape(client)
    assert told.value("http_requests_in_progress", method="GET") == 1, "that is the scrape itself"


def test_applications_of_one_process_count_apart(make_app: MakeApp) -> None:
    one, other = make_app().test_client(), make_app().test_client()
    one.get(PRODUCTS)
    assert sum(requests_of(scrape(one)).values()) == 1
    assert requests_of(scrape(other)) == {}


@pytest.mark.parametrize(
    "accept",
    [
        "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
        "application/openmetrics-text",
    ],
)
def test_open_metrics_come_to_who_asks_for_them(client: FlaskClient, accept: str) -> None:
    response = client.get("/metrics", headers={"Accept": accept})
    assert response.mimetype == "application/openmetrics-text"
    assert response.text.endswith("# EOF\n")


@pytest.mark.parametrize("accept", ["text/plain;version=x", "image/png", ";;,="])
def test_everybody_else_gets_plain_text(client: FlaskClient, accept: str) -> None:
    response = client.get("/metrics", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.content_type == "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text"])
def test_figures_are_compressed(client: FlaskClient, accept: str) -> None:
    headers = {"Accept": accept, "Accept-Encoding": "gzip"}
    assert client.get("/metrics", headers=headers).headers["Content-Encoding"] == "gzip"


def test_a_fault_of_ours_is_counted(make_app: MakeApp) -> None:
    def broken() -> str:
        raise RuntimeError

    app = make_app(log_level="critical")
    app.add_url_rule("/broken", view_func=broken)
    client = app.test_client()
    client.get("/broken")
    assert requests_of(scrape(client)) == {("/broken", "GET", "500"): 1}


def test_registrations_of_the_web_server_are_timed(
    make_app: MakeApp, sandbox: SandboxControl
) -> None:
    client = make_app(offers_base_url=sandbox.base_url).test_client()
    create(client)
    told = scrape(client)
    name = "web_upstream_request_duration_seconds_count"
    assert told.value(name, operation="sign_up") == 1
    assert told.value(name, operation="register") == 1


def test_products_are_counted_as_they_stand(engine: Engine, client: FlaskClient) -> None:
    now = utc_now()
    soon, long_ago = now + timedelta(hours=1), now - timedelta(hours=2)
    rows: list[dict[str, Any]] = [
        {"due_at": now - timedelta(seconds=1), "registered_at": None},
        {"due_at": soon, "registered_at": None, "registration_error": "no", "failures": 3},
        {"due_at": soon, "registered_at": None, "checked_at": long_ago},
        {"due_at": soon, "registered_at": long_ago, "checked_at": now},
        {"due_at": soon, "registered_at": long_ago, "checked_at": now - timedelta(minutes=6)},
        {"due_at": soon, "registered_at": now - timedelta(minutes=7)},
        {"due_at": soon, "registered_at": long_ago, "checked_at": long_ago, "failures": 1},
    ]
    for row in rows:
        set_sync(engine, make_product(engine), **row)
    told = scrape(client)
    counts = {
        name: told.value(name)
        for name in (
            "products",
            "products_due",
            "products_overdue",
            "products_failing",
            "registrations_pending",
            "registrations_refused",
        )
    }
    assert list(counts.values()) == [7, 1, 3, 2, 2, 1], counts
    oldest = told.value("oldest_checked_at_timestamp_seconds")
    assert oldest == pytest.approx((now - timedelta(minutes=7)).timestamp(), abs=0.01)


def test_what_never_happened_has_no_instant(client: FlaskClient) -> None:
    told = scrape(client)
    assert told.value("products") == 0
    assert told.value("pollers_seen") == 0
    assert told.value("oldest_checked_at_timestamp_seconds") is None
    assert told.value("poller_last_seen_timestamp_seconds") is None


def test_the_pace_is_told_where_anything_limits_it(engine: Engine, make_app: MakeApp) -> None:
    free, limited = (make_app(poll_max_per_s=limit).test_client() for limit in (None, 50.0))
    assert scrape(free).value("offers_service_pace") is None
    assert scrape(limited).value("offers_service_pace") == 50
    with unit_of_work(engine) as session:
        limits = Limits(None, timedelta(minutes=1))
        slow_down(
            session, NOWHERE, limits, now=utc_now(), asked_per_s=16, wait=timedelta(seconds=1)
        )
    for client in (free, limited):
        assert scrape(client).value("offers_service_pace") == pytest.approx(8, rel=0.5)


def test_pollers_are_seen(engine: Engine, client: FlaskClient) -> None:
    Heartbeat(engine, PollerMetrics()).beat()
    Heartbeat(engine, PollerMetrics()).beat()
    told = scrape(client)
    assert told.value("pollers_seen") == 2
    seen_at = told.value("poller_last_seen_timestamp_seconds")
    assert seen_at == pytest.approx(utc_now().timestamp(), abs=60)
    with engine.begin() as connection:
        connection.execute(text("UPDATE pollers SET seen_at = '2026-01-01 00:00:00+00:00'"))
    assert scrape(client).value("pollers_seen") == 0


def test_without_its_tables_the_database_counts_as_away(
    engine: Engine, client: FlaskClient
) -> None:
    client.get(PRODUCTS)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE product_sync RENAME TO away"))
    try:
        told = scrape(client)
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO product_sync"))
    assert told.value("database_up") == 0
    assert told.value("products") is None
    assert requests_of(told)[PRODUCTS, "GET", "200"] == 1
    assert scrape(client).value("database_up") == 1


def test_a_table_that_is_locked_keeps_no_connection(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brief_reading, "_LONGEST_MS", "50")
    lock = {"sqlite": "DELETE FROM products", "postgresql": "LOCK TABLE product_sync"}
    with unit_of_work(engine) as session:
        session.execute(text(lock[engine.name]))
        told = scrape(client)
        assert isinstance(engine.pool, QueuePool)
        assert engine.pool.checkedout() == 1, "that of this test"
    # On SQLite nobody waits for a writer.
    assert told.value("database_up") == {"sqlite": 1, "postgresql": 0}[engine.name]


@pytest.mark.parametrize(("api_auth", "status"), [("off", 200), ("write", 200), ("all", 401)])
def test_figures_are_as_open_as_reading_is(
    make_app: MakeApp, engine: Engine, api_auth: str, status: int
) -> None:
    client = make_app(api_auth=api_auth).test_client()
    assert client.get("/metrics").status_code == status
    headers = {"Authorization": f"Bearer {make_token(engine, scope='read')}"}
    assert client.get("/metrics", headers=headers).status_code == 200

"""``/status``: every trouble has its words and its remedy, and the page comes whatever is amiss."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from aggregator import create_app
from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.models import OffersServiceToken, ProductSync
from aggregator.services.health import brief_reading
from aggregator.services.poller_figures import add_figures
from aggregator.services.pollers import poller_seen
from aggregator.settings import Settings
from poller.metrics import PollerMetrics
from tests.conftest import NOWHERE, MakeApp
from tests.factories import make_product, observe
from tests.integration.pages import words_of

SECRET = "hunter2"


def page(client: FlaskClient) -> str:
    """Return the text of the page, without its tags."""
    response = client.get("/status")
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert response.headers["Cache-Control"] == "no-store"
    return words_of(response.text)


def headline(client: FlaskClient) -> str:
    """Return the sentence on top."""
    found = re.search(r'<p id="headline"[^>]*>(.*?)</p>', client.get("/status").text)
    assert found
    return unescape(found[1])


def run_poller(engine: Engine, *, ago: timedelta = timedelta(0)) -> None:
    """Let a poller have been seen."""
    now = utc_now()
    with unit_of_work(engine) as session:
        poller_seen(session, uuid4(), host="worker-1", pid=23, started_at=now - ago, now=now - ago)


def test_all_is_well(client: FlaskClient, engine: Engine) -> None:
    run_poller(engine)
    observe(engine, make_product(engine), {}, at=utc_now() - timedelta(seconds=12))
    assert re.fullmatch(r"All is well: 1 poller, no data older than \d+ s\.", headline(client))
    told = page(client)
    assert "To look at" not in told
    assert "worker-1, 23" in told


def test_an_empty_catalogue_is_well(client: FlaskClient, engine: Engine) -> None:
    run_poller(engine)
    assert headline(client) == "All is well: 1 poller, and no products yet."


@pytest.mark.parametrize("ago", [None, timedelta(minutes=14)])
def test_no_poller_is_told_first(
    client: FlaskClient, engine: Engine, ago: timedelta | None
) -> None:
    if ago:
        run_poller(engine, ago=ago)
    observe(engine, make_product(engine), {}, at=utc_now() - timedelta(minutes=14))
    assert headline(client) == "Nothing was polled for 14 min: no poller is running."
    told = page(client)
    assert "python -m poller" in told
    assert "Stale 1" in told


def test_a_poller_in_vain_is_told(client: FlaskClient, engine: Engine) -> None:
    run_poller(engine)
    observe(engine, make_product(engine), {}, at=utc_now() - timedelta(minutes=14))
    assert headline(client) == "Nothing was polled for 14 min, although 1 poller is at work."


def test_stale_failing_unregistered_and_refused_products_are_told_with_their_reasons(
    client: FlaskClient, engine: Engine
) -> None:
    run_poller(engine)
    ids = [make_product(engine) for _ in range(5)]
    observe(engine, ids[0], {})
    for product_id in ids[1:3]:
        observe(engine, product_id, {}, at=utc_now() - timedelta(minutes=9))
    with unit_of_work(engine) as session:
        for product_id in ids[1:3]:
            failing = session.get_one(ProductSync, product_id)
            failing.failures, failing.last_error = 3, "it answered <500>"
        refused = session.get_one(ProductSync, ids[3])
        refused.failures, refused.registration_error = 1, "name: too odd"
    assert headline(client) == (
        "1 poller at work; of 5 products, 2 stale, 2 failing, 1 to be registered yet, 1 refused."
    )
    told = page(client)
    for words in (
        "Fresh 1 Stale 2 Never polled 2 Failing 3",
        "it answered <500> 2",
        "name: too odd 1",
        "flask --app wsgi products sync",
        "flask --app wsgi products register",
        "PATCH /api/v1/products/<id>",
    ):
        assert words in told


def test_an_access_token_that_is_not_to_be_had_is_told_and_no_token_ever_is(
    client: FlaskClient, engine: Engine
) -> None:
    run_poller(engine)
    now = utc_now()
    with unit_of_work(engine) as session:
        token = OffersServiceToken(
            base_url=NOWHERE,
            token=SECRET,
            obtained_at=now,
            expires_at=now + timedelta(minutes=4, seconds=30),
            renewable_at=now,
        )
        session.add(token)
    told = page(client)
    assert "It is good for another 4 min." in told
    assert SECRET not in client.get("/status").text
    with unit_of_work(engine) as session:
        session.get_one(OffersServiceToken, NOWHERE).last_error = "the refresh token is refused"
    told = headline(client)
    assert told.startswith("Without an access token nothing can be polled.")
    assert told.endswith("None is to be had: the refresh token is refused.")
    assert "flask --app wsgi offers-service signup" in page(client)


def test_a_missing_offers_service_is_told(make_app: MakeApp) -> None:
    client = make_app(offers_base_url=None, offers_refresh_token=None).test_client()
    assert headline(client) == "No offers service is configured: nothing can be polled."
    assert "export OFFERS_BASE_URL" in page(client)


def test_latency_pace_and_throttling_are_told(make_app: MakeApp, engine: Engine) -> None:
    metrics = PollerMetrics()
    for seconds in (0.03, 0.03, 0.03, 20.0):
        metrics.called_upstream("fetch_offers", seconds)
    with unit_of_work(engine) as session:
        labels = json.dumps({"outcome": "throttled"})
        add_figures(session, metrics.totals() | {("aggregator_polls_total", labels): 7.0})
    told = page(make_app(poll_max_per_s=2.5).test_client())
    assert "fetch offers 4 42 ms over 10 s" in told
    assert "Requests a second, at most 2.5 Allowed now 2.5 Asked for fewer (429) 7" in told


def test_a_database_that_is_not_migrated_is_told_with_the_remedy(empty_app: Flask) -> None:
    client = empty_app.test_client()
    assert headline(client).startswith("The database is not migrated:")
    assert "flask --app wsgi db upgrade" in page(client)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"postgresql+psycopg2://u:{SECRET}@127.0.0.1:9/db", id="postgresql"),
        pytest.param(f"sqlite:////nowhere/{SECRET}/aggregator.db", id="sqlite"),
    ],
)
def test_a_database_that_is_away_is_told_and_nothing_leaks(url: str) -> None:
    client = create_app(Settings(database_url=url, log_level="error")).test_client()
    assert headline(client).startswith("The database ")
    assert not re.search(rf"{SECRET}|127\.0\.0\.1|psycopg|sqlite", client.get("/status").text)


def test_a_table_that_is_locked_is_not_waited_for(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brief_reading, "_LONGEST_MS", "50")
    lock = {"sqlite": "DELETE FROM products", "postgresql": "LOCK TABLE product_sync"}
    with unit_of_work(engine) as session:
        session.execute(text(lock[engine.name]))
        assert client.get("/status").status_code == 200

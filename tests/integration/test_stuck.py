"""Products that a clock turned back would leave alone for long are brought back, no others."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Event
from uuid import UUID

import pytest
from sqlalchemy import Engine, update
from structlog.testing import capture_logs

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.models import ProductSync
from aggregator.services.claims import LEASE, claim_product
from aggregator.services.due import LONGEST_BACK_OFF, REJECTED_RETRY, next_phase
from aggregator.services.stuck import rescue_stuck
from aggregator.settings import Settings
from poller.rescue_job import RescueJob
from tests.factories import make_product, make_recorder
from tests.integration.conftest import Catalogue
from tests.integration.plans import explain, recorded
from tests.integration.test_claims import observed

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def make_due(
    engine: Engine, due_at: datetime, *, failing: bool = False, refused: bool = False
) -> UUID:
    """Add a product that is due at an instant."""
    product_id = make_product(engine)
    errors = {
        "last_error": "bad answer" if failing or refused else None,
        "registration_error": "bad name" if refused else None,
    }
    with unit_of_work(engine) as session:
        product = update(ProductSync).where(ProductSync.product_id == product_id)
        session.execute(product.values(due_at=due_at, **errors))
    return product_id


def rescue(engine: Engine, now: datetime, interval: timedelta = MINUTE, limit: int = 9) -> int:
    with unit_of_work(engine) as session:
        return rescue_stuck(session, now=now, interval=interval, limit=limit)


def test_stuck_product_comes_back_to_its_phase(engine: Engine, catalogue: Catalogue) -> None:
    now = utc_now()
    stuck = make_due(engine, now + 5 * MINUTE)
    failing = make_due(engine, now + HOUR, failing=True)
    refused = make_due(engine, now + HOUR + REJECTED_RETRY, refused=True)
    assert rescue(engine, now) == 3
    for product_id in (stuck, failing, refused):
        assert catalogue.sync(product_id).due_at == next_phase(product_id, now, MINUTE)
    assert rescue(engine, now) == 0


@pytest.mark.parametrize(
    ("wait", "kind", "interval"),
    [
        pytest.param(-HOUR, {}, MINUTE, id="due"),
        pytest.param(1.5 * MINUTE, {}, MINUTE, id="polled"),
        pytest.param(LEASE, {}, timedelta(seconds=5), id="claimed"),
        pytest.param(LONGEST_BACK_OFF, {"failing": True}, MINUTE, id="failing, or asked to wait"),
        pytest.param(1.5 * HOUR, {}, HOUR, id="polled seldom"),
        pytest.param(REJECTED_RETRY, {"refused": True}, MINUTE, id="refused"),
    ],
)
def test_product_that_waits_as_it_should_goes_on_waiting(
    engine: Engine,
    catalogue: Catalogue,
    wait: timedelta,
    kind: dict[str, bool],
    interval: timedelta,
) -> None:
    now = utc_now()
    product_id = make_due(engine, now + wait, **kind)
    assert rescue(engine, now, interval) == 0
    assert catalogue.sync(product_id).due_at == now + wait


def test_rescued_product_is_lost_to_who_had_it(engine: Engine) -> None:
    product_id, now = make_product(engine), utc_now()
    with unit_of_work(engine) as session:
        claim = claim_product(session, product_id, now=now + HOUR)
    assert claim
    assert rescue(engine, now) == 1
    assert make_recorder(engine).record([observed(claim, 5)]).lost == {product_id}


def test_job_brings_back_all_and_says_so(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(5):
        make_due(engine, utc_now() + (i + 1) * HOUR)
    monkeypatch.setattr("poller.rescue_job._BATCH", 2)
    job = RescueJob(Settings(database_url=database_url), engine, Event())
    with capture_logs() as logs:
        job.run()
        job.run()
    assert [(line["event"], line["n"]) for line in logs] == [("products_rescued", 5)]


def test_search_for_stuck_products_reads_an_index(engine: Engine) -> None:
    with recorded(engine, "product_sync") as sent:
        assert rescue(engine, utc_now()) == 0
    [plan] = [explain(engine, *each, "seqscan", "bitmapscan", "sort") for each in sent]
    assert "ix_product_sync_due_at" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan

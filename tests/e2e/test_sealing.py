"""The poller's process seals what is due beside its polls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from aggregator import create_app
from aggregator.clock import to_ms, utc_now
from aggregator.db import db, reading, unit_of_work
from aggregator.models import ProductSync
from aggregator.services.archive import Archive
from aggregator.services.changes import ChangesQuestion, list_changes
from aggregator.services.paging import PageRequest
from aggregator.settings import Settings
from tests.e2e.claims import make_all_due
from tests.e2e.conftest import Start
from tests.e2e.processes import POLLER
from tests.e2e.shifted_poller import start_shifted
from tests.e2e.stored_history import StoredHistory
from tests.factories import make_product, observe
from tests.integration.past import A, rows
from tests.waiting import wait_until

pytestmark = pytest.mark.waits


@pytest.fixture
def engine(fresh_database_url: str) -> Iterator[Engine]:
    """Return the engine of the processes' database."""
    with create_app(Settings(database_url=fresh_database_url)).app_context():
        engine = db.engine
    yield engine
    engine.dispose()


@pytest.fixture
def _past(engine: Engine) -> None:
    """Store a product with three hours of which something was seen; two are over.

    It is not to be polled again, or the third would be over as well.
    """
    product_id = make_product(engine)
    hour = utc_now().replace(minute=0, second=0, microsecond=0)
    for hours in (30, 20, 10):
        observe(engine, product_id, {A: (hours, 1)}, at=hour - timedelta(hours=hours))
    with unit_of_work(engine) as session:
        session.execute(update(ProductSync).values(due_at=hour + timedelta(days=1)))


def n_sealed(engine: Engine) -> int:
    found = rows(engine)
    assert len(found["price_detail"]) == len(found["offer_hours"])
    return len(found["price_detail"])


@pytest.mark.usefixtures("_past")
def test_once_seals_what_is_due(engine: Engine, start: Start, settings: dict[str, str]) -> None:
    assert start(*POLLER, "--once", **settings).wait() == 0
    assert n_sealed(engine) == 2
    assert len(rows(engine)["price_points"]) == 1


@pytest.mark.usefixtures("_past")
def test_running_poller_seals_what_is_due(
    engine: Engine, start: Start, settings: dict[str, str]
) -> None:
    poller = start(*POLLER, **settings)
    wait_until(lambda: n_sealed(engine) == 2)
    assert '"hours_sealed"' in poller.said()
    assert poller.stop() == 0


def test_who_reads_while_hours_are_sealed_sees_one_instant(
    start: Start, settings: dict[str, str], engine: Engine
) -> None:
    product_id, behind = make_product(engine), timedelta(hours=9)
    make_all_due(settings["DATABASE_URL"])
    assert start_shifted(start, settings, behind, "--once").wait() == 0
    everything = ChangesQuestion(0, to_ms(utc_now()), offer_id=None, newest_first=False)
    with reading(engine) as session:
        archive = Archive(session, product_id, known_for=timedelta(0))
        later = start_shifted(start, settings, behind - timedelta(hours=2), "--once")
        assert later.wait() == 0
        told = list_changes(session, product_id, everything, PageRequest(limit=100)).page.rows
        assert told == list(archive.recent.events())
    with reading(engine) as session:
        assert StoredHistory(session, product_id).sealed_until > archive.sealed_until

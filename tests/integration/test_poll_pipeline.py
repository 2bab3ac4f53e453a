"""Claiming, asking and storing go on side by side, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from aggregator import clock
from aggregator.clock import utc_now
from aggregator.db import reading
from aggregator.models import OffersServicePace
from aggregator.offers_bulk import BulkFetch
from aggregator.offers_client import OffersClient
from aggregator.services.recorder import Recorder
from tests.at_once import at_once
from tests.integration.conftest import Catalogue, MakePoller
from tests.integration.stored import listed_offers
from tests.sandbox_control import SandboxControl

pytestmark = pytest.mark.waits


@pytest.fixture
def break_once(monkeypatch: pytest.MonkeyPatch) -> Callable[[type, str, Exception], None]:
    """Return a function that lets a method raise, once."""

    def break_method(owner: type, name: str, error: Exception) -> None:
        sound = getattr(owner, name)

        def broken(*args: Any, **kwargs: Any) -> Any:
            monkeypatch.setattr(owner, name, sound)
            raise error

        monkeypatch.setattr(owner, name, broken)

    return break_method


def test_what_was_fetched_is_stored_when_the_database_is_back(
    make_poller: MakePoller,
    catalogue: Catalogue,
    sandbox: SandboxControl,
    break_once: Callable[[type, str, Exception], None],
) -> None:
    product_ids = catalogue.add(5)
    poller = make_poller(sandbox.base_url, offers_timeout_s=10.0)
    break_once(Recorder, "record", OperationalError("UPDATE", {}, Exception("gone")))
    with pytest.raises(OperationalError):
        poller.run_all()
    began_again_at = utc_now()
    assert poller.run_all().polled == 5
    for product_id in product_ids:
        assert checked_at(catalogue, product_id) <= began_again_at
    assert sandbox.requests("offers") == 5


def test_a_slow_product_holds_up_neither_its_batch_nor_the_next(
    make_poller: MakePoller, catalogue: Catalogue, sandbox: SandboxControl
) -> None:
    slow, *others = catalogue.add(130)
    sandbox.faults(latency_ms=4000, product_ids=[str(slow)], paths=["offers"])
    poller = make_poller(sandbox.base_url, offers_timeout_s=15.0)
    with capture_logs() as logs:
        assert poller.run_all().polled == 130
    stored = [line["polled"] for line in logs if line["event"] == "products_polled"]
    assert stored[-1] == 1
    assert max(checked_at(catalogue, id_) for id_ in others) < checked_at(catalogue, slow)


def test_what_is_under_way_is_stored_though_a_clock_that_was_set_ended_its_lease(
    make_poller: MakePoller,
    catalogue: Catalogue,
    sandbox: SandboxControl,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class AnHourAhead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(hours=1)

    product_ids = catalogue.add(4)
    sandbox.faults(latency_ms=1000, paths=["offers"])
    poller = make_poller(sandbox.base_url, offers_timeout_s=15.0)
    assert poller.run()
    monkeypatch.setattr(clock, "datetime", AnHourAhead)
    assert poller.run_all().polled == len(product_ids)
    assert sandbox.requests("offers") == len(product_ids)


def test_a_fault_of_ours_in_one_answer_costs_no_other(
    make_poller: MakePoller,
    catalogue: Catalogue,
    sandbox: SandboxControl,
    break_once: Callable[[type, str, Exception], None],
) -> None:
    catalogue.add(4)
    poller = make_poller(sandbox.base_url, offers_timeout_s=10.0)
    poller.run_all()
    catalogue.make_due()
    break_once(OffersClient, "read_offers", ZeroDivisionError())
    with capture_logs() as logs:
        tally = poller.run_all()
    assert (tally.polled, tally.failed) == (3, 1)
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["attempt_crashed"]


def test_a_crash_of_the_asking_itself_ends_in_back_off_not_in_silence(
    make_poller: MakePoller,
    catalogue: Catalogue,
    sandbox: SandboxControl,
    break_once: Callable[[type, str, Exception], None],
) -> None:
    product_ids = catalogue.add(4)
    poller = make_poller(sandbox.base_url, offers_timeout_s=10.0)
    poller.run_all()
    catalogue.make_due()
    break_once(BulkFetch, "begin", ZeroDivisionError())
    with capture_logs() as logs:
        assert poller.run_all().failed
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["fetch_crashed"]
    catalogue.make_due()
    assert poller.run_all().polled == len(product_ids)


def test_a_fault_of_ours_in_storing_holds_up_no_other_batch(
    make_poller: MakePoller,
    catalogue: Catalogue,
    sandbox: SandboxControl,
    break_once: Callable[[type, str, Exception], None],
) -> None:
    first, second = catalogue.add(2)
    poller = make_poller(sandbox.base_url, offers_timeout_s=10.0)
    break_once(Recorder, "record", ZeroDivisionError())
    with capture_logs() as logs:
        assert poller.run_all().polled == 0
        catalogue.make_due(second)
        assert poller.run_all().polled == 1
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["storing_crashed"]
    assert catalogue.sync(first).due_at > utc_now()


def test_a_registration_is_kept_though_the_poller_ends_before_it_asks(
    make_poller: MakePoller,
    catalogue: Catalogue,
    sandbox: SandboxControl,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [product_id] = catalogue.add()
    stop, register = Event(), OffersClient.register

    def register_and_stop(*args: Any, **kwargs: Any) -> None:
        register(*args, **kwargs)
        stop.set()

    monkeypatch.setattr(OffersClient, "register", register_and_stop)
    poller = make_poller(sandbox.base_url, offers_timeout_s=10.0, stop=stop)
    assert poller.run_all().polled == 0
    assert sandbox.requests("offers") == 0
    assert catalogue.sync(product_id).registered_at
    assert catalogue.sync(product_id).due_at <= utc_now()


def test_a_product_that_every_token_is_refused_for_is_not_asked_about_for_ever(
    make_poller: MakePoller, catalogue: Catalogue, sandbox: SandboxControl
) -> None:
    refused, *others = catalogue.add(20)
    poller = make_poller(sandbox.base_url, offers_timeout_s=10.0)
    poller.run_all()
    catalogue.make_due()
    n_before = sandbox.requests("offers")
    sandbox.faults(
        {"status": 401, "product_ids": [str(refused)], "paths": ["offers"]},
        {"latency_ms": 200, "paths": ["offers"]},
    )
    assert poller.run_all().polled == len(others)
    assert sandbox.requests("offers") - n_before <= len(others) + 3
    assert sandbox.requests("auth") == 1


def test_a_service_that_is_asked_too_much_is_left_alone_and_blames_nobody(
    make_poller: MakePoller, catalogue: Catalogue, sandbox: SandboxControl, engine: Engine
) -> None:
    first, *others = catalogue.add(60)
    poller, colleague = (make_poller(sandbox.base_url, offers_timeout_s=10.0) for _ in range(2))
    poller.run_all()
    listed = listed_offers(engine, first)
    catalogue.make_due()
    sandbox.faults(status=429, retry_after=30, paths=["offers"])
    n_before = sandbox.requests("offers")
    with capture_logs() as logs:
        assert poller.run_all().failed
    # Those under way at that moment, of whom four are.
    assert sandbox.requests("offers") - n_before <= 8
    assert [line["event"] for line in logs].count("offers_service_throttles") == 1
    assert "offers_service_down" not in {line["event"] for line in logs}

    sandbox.faults()
    assert colleague.run_all().polled == poller.run_all().polled == 0
    assert listed_offers(engine, first) == listed
    for product_id in (first, *others):
        sync = catalogue.sync(product_id)
        assert sync.failures == 0
        assert sync.due_at <= utc_now()
    with reading(engine) as session:
        next_at = session.scalars(select(OffersServicePace.next_at)).one()
    assert 20 < (next_at - utc_now()).total_seconds() <= 30


def test_all_pollers_together_keep_to_the_limit(
    make_poller: MakePoller, catalogue: Catalogue, sandbox: SandboxControl
) -> None:
    catalogue.add(16)
    pollers = [
        make_poller(sandbox.base_url, offers_timeout_s=10.0, poll_max_per_s=20) for _ in range(2)
    ]
    at_once([poller.run_all for poller in pollers])
    at = sorted(entry["at"] for call in ("register", "offers") for entry in sandbox.log(call))
    # A turn may begin a second ahead; each product is registered first.
    assert len(at) == 32
    assert at[-1] - at[0] > 0.5


def test_all_that_is_due_is_polled_however_low_the_limit(
    make_poller: MakePoller, catalogue: Catalogue, sandbox: SandboxControl
) -> None:
    catalogue.add(2)
    # Registering and asking take more than a turn.
    poller = make_poller(sandbox.base_url, offers_timeout_s=10.0, poll_max_per_s=1)
    assert poller.run_all().polled == 2


def checked_at(catalogue: Catalogue, product_id: Any) -> datetime:
    found = catalogue.sync(product_id).checked_at
    assert found
    return found

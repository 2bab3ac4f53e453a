"""What the poll job does without asking a database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from unittest.mock import Mock, create_autospec

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import OperationalError

from aggregator.services.offers_service import OffersService
from aggregator.settings import Settings
from poller.claimer import Claimer
from poller.metrics import PollerMetrics
from poller.poll_job import PollJob, Tally


@pytest.fixture
def unreachable(tmp_path: Path) -> Iterator[Engine]:
    """Return the engine of a database that cannot be opened."""
    engine = create_engine(f"sqlite:///{tmp_path}/no/such/folder/aggregator.db")
    yield engine
    engine.dispose()


@pytest.fixture
def service() -> Mock:
    service: Mock = create_autospec(OffersService, instance=True)
    service.authorized_fetch.return_value.n_under_way = 0
    service.authorized_fetch.return_value.answered.return_value = []
    return service


@pytest.fixture
def stop() -> Event:
    return Event()


@pytest.fixture
def job(unreachable: Engine, service: Mock, stop: Event) -> Iterator[PollJob]:
    job = PollJob(
        Settings(poll_concurrency=1),
        unreachable,
        service,
        stop,
        PollerMetrics(),
        on_progress=Mock(),
    )
    yield job
    job.close()


def test_job_that_was_told_to_stop_begins_nothing(job: PollJob, service: Mock, stop: Event) -> None:
    stop.set()
    assert job.run_all() == Tally(polled=0, failed=0)
    service.authorized_fetch.return_value.begin.assert_not_called()
    service.register.assert_not_called()


def test_job_without_its_database_raises_and_asks_for_nothing(job: PollJob, service: Mock) -> None:
    for _ in range(2):
        with pytest.raises(OperationalError):
            job.run_all()
    service.authorized_fetch.return_value.begin.assert_not_called()
    service.register.assert_not_called()


def test_a_service_that_asks_for_a_month_is_asked_again_after_a_minute(
    unreachable: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimer = Claimer(Settings(), unreachable, PollerMetrics())
    claimer.throttled(30 * 86_400.0)
    assert not claimer.may_ask
    in_a_minute = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: in_a_minute)
    assert claimer.may_ask

"""The poller's seal job: a moment at a time, or all that is due."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from aggregator.services.sealing import seal_products
from aggregator.settings import Settings
from poller import seal_job
from poller.metrics import PollerMetrics
from poller.seal_job import SealJob
from tests.integration.past import A, Polls, rows, store

N_PRODUCTS = 5
#: An hour that is over.
POLLS: Polls = {10: {A: (5, 1)}, 70: {A: (6, 1)}}
#: Eight, more than are sealed of one product at a time.
BACKLOG: Polls = {60 * n: {A: (n, 1)} for n in range(9)}


class Clock:
    """Stands in for the module ``time``; each look takes so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._now = 100.0

    def monotonic(self) -> float:
        self._now += self._seconds
        return self._now


@pytest.fixture
def stop() -> Event:
    return Event()


@pytest.fixture
def job(engine: Engine, stop: Event, monkeypatch: pytest.MonkeyPatch) -> SealJob:
    """Return a job that keeps all detail, and seals two products at a time."""
    monkeypatch.setattr(seal_job, "_BATCH", 2)
    return SealJob(Settings(history_detail_days=10_000), engine, stop, PollerMetrics())


def sealed_ids(engine: Engine) -> set[UUID]:
    return {row[0] for row in rows(engine)["offer_hours"]}


@pytest.mark.parametrize(
    ("seconds", "n_sealed"),
    [
        pytest.param(0.26, [2, 4, 5, 5], id="slow"),
        pytest.param(0.13, [4, 5, 5], id="two-batches-a-turn"),
        pytest.param(0.0, [5, 5], id="fast"),
    ],
)
def test_turn_ends_after_a_moment_and_the_next_one_goes_on(
    engine: Engine,
    job: SealJob,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    n_sealed: list[int],
) -> None:
    for _ in range(N_PRODUCTS):
        store(engine, POLLS)
    monkeypatch.setattr(seal_job, "time", Clock(seconds))
    for expected in n_sealed:
        job.run()
        assert len(sealed_ids(engine)) == expected


def test_all_that_is_due_is_sealed_at_once_however_long_it_takes(
    engine: Engine, job: SealJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    product_ids = {store(engine, BACKLOG), *(store(engine, POLLS) for _ in range(3))}
    monkeypatch.setattr(seal_job, "time", Clock(9.0))
    with capture_logs() as logs:
        job.run_all()
    assert sealed_ids(engine) == product_ids
    assert len(rows(engine)["price_detail"]) == 8 + 3
    assert {line["event"] for line in logs} == {"hours_sealed"}
    assert sum(line["hours"] for line in logs) == 8 + 3


@pytest.mark.parametrize("run", [SealJob.run, SealJob.run_all], ids=["run", "run_all"])
def test_job_that_was_told_to_stop_begins_nothing(
    engine: Engine, job: SealJob, stop: Event, run: Callable[[SealJob], None]
) -> None:
    store(engine, POLLS)
    before = rows(engine)
    stop.set()
    run(job)
    assert rows(engine) == before


def test_stop_ends_a_job_between_two_batches(
    engine: Engine, job: SealJob, stop: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(N_PRODUCTS):
        store(engine, POLLS)

    def seal_and_stop(*args: Any, **kwargs: Any) -> int:
        stop.set()
        return seal_products(*args, **kwargs)

    monkeypatch.setattr(seal_job, "seal_products", seal_and_stop)
    job.run_all()
    assert len(sealed_ids(engine)) == 2


def test_old_detail_is_dropped_after_so_many_days(engine: Engine, stop: Event) -> None:
    store(engine, POLLS)
    SealJob(Settings(history_detail_days=1), engine, stop, PollerMetrics()).run_all()
    found = rows(engine)
    assert (len(found["price_detail"]), len(found["offer_hours"])) == (0, 1)


def test_idle_job_says_nothing(engine: Engine, job: SealJob) -> None:
    store(engine, {10: {A: (5, 1)}})
    with capture_logs() as logs:
        job.run_all()
    assert logs == []

"""The breaker opens when the service is down, and lets one probe at a time ask."""

from __future__ import annotations

import pytest

from poller.breaker import Breaker


class Clock:
    """Monotonic seconds that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(threshold=3, probe_after_s=5.0, clock=clock)


def _fail(breaker: Breaker, times: int) -> list[bool]:
    return [breaker.failed() for _ in range(times)]


def test_closed_breaker_lets_everything_through(breaker: Breaker) -> None:
    assert breaker.allowance(200) == 200
    assert not breaker.blocks()
    assert not breaker.is_open


def test_failures_in_a_row_open_it_once(breaker: Breaker) -> None:
    assert _fail(breaker, 5) == [False, False, True, False, False]
    assert breaker.is_open
    assert breaker.blocks()
    assert breaker.allowance(200) == 0


def test_success_between_failures_starts_the_count_again(breaker: Breaker) -> None:
    _fail(breaker, 2)
    assert breaker.succeeded() is False
    assert _fail(breaker, 2) == [False, False]
    assert not breaker.is_open


def test_trip_opens_it_at_the_first_failure(breaker: Breaker) -> None:
    assert breaker.trip() is True
    assert breaker.trip() is False
    assert breaker.blocks()


def test_one_probe_is_let_through_after_the_wait(breaker: Breaker, clock: Clock) -> None:
    breaker.trip()
    clock.now += 4.99
    assert breaker.allowance(200) == 0
    clock.now += 0.01
    assert breaker.allowance(200) == 1
    assert not breaker.blocks()
    assert breaker.is_open


def test_failed_probe_shuts_it_for_another_wait(breaker: Breaker, clock: Clock) -> None:
    breaker.trip()
    clock.now += 5
    assert breaker.failed() is False
    assert breaker.blocks()
    clock.now += 4.99
    assert breaker.blocks()
    clock.now += 0.01
    assert breaker.allowance(200) == 1


def test_sensible_answer_closes_it(breaker: Breaker, clock: Clock) -> None:
    breaker.trip()
    clock.now += 5
    assert breaker.succeeded() is True
    assert breaker.succeeded() is False
    assert breaker.allowance(200) == 200
    assert _fail(breaker, 2) == [False, False]


@pytest.mark.parametrize(
    ("retry_after_s", "wait_s"),
    [
        pytest.param(None, 5.0, id="not-asked"),
        pytest.param(0.0, 5.0, id="at-once"),
        pytest.param(1.0, 5.0, id="sooner"),
        pytest.param(60.0, 60.0, id="later"),
    ],
)
def test_it_waits_as_long_as_the_service_asked(
    breaker: Breaker, clock: Clock, retry_after_s: float | None, wait_s: float
) -> None:
    breaker.trip(retry_after_s)
    clock.now += wait_s - 0.01
    assert breaker.blocks()
    clock.now += 0.01
    assert not breaker.blocks()


def test_wait_that_a_counted_failure_asks_for_is_kept(breaker: Breaker, clock: Clock) -> None:
    _fail(breaker, 2)
    assert breaker.failed(retry_after_s=60) is True
    clock.now += 59
    assert breaker.blocks()


def test_failures_below_the_threshold_do_not_wait(breaker: Breaker) -> None:
    breaker.failed(retry_after_s=60)
    assert not breaker.blocks()
    assert breaker.allowance(7) == 7


def test_five_failures_open_it_by_default() -> None:
    assert _fail(Breaker(probe_after_s=1), 5) == [False, False, False, False, True]

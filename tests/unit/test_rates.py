"""However many pollers ask, their slots never overlap, and are no more than the limit allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.environment import SLOWEST_PER_S
from aggregator.services.rates import (
    HORIZON,
    LONGEST_WAIT,
    Limits,
    Pace,
    Slot,
    allowance,
    catch_up,
    rate_at,
    slow_down,
    take,
    wait_after,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
FREE = Limits(None, MINUTE)
#: Instants have whole microseconds.
ROUNDING = timedelta(microseconds=1)

rates = st.floats(0.1, 5_000)
waits = st.floats(0, 2).map(lambda seconds: timedelta(seconds=seconds))
#: Pauses between two questions of pollers, how much each wants, and what share of it is
#: registered first.
asking = st.lists(st.tuples(waits, st.integers(1, 200), st.floats(0, 1)), max_size=30)


def throttled(per_s: float, *, ago: timedelta = timedelta(0)) -> Pace:
    return Pace(NOW, per_s, NOW - ago)


@given(per_s=rates, asking=asking)
def test_slots_never_overlap_and_never_exceed_the_limit(
    per_s: float, asking: list[tuple[timedelta, int, float]]
) -> None:
    limits, pace, now = Limits(per_s, MINUTE), Pace(NOW), NOW
    sent: list[datetime] = []
    for wait, wanted, unregistered in asking:
        now += wait
        claimed = allowance(pace, limits, wanted, now=now)
        if claimed == 0:
            assert pace.next_at > now + HORIZON
            continue
        n_requests = claimed + int(claimed * unregistered)
        pace, slot = take(pace, limits, n_requests, now=now)
        assert now <= slot.starts_at <= now + HORIZON
        sent += [slot.starts_at + timedelta(seconds=i * slot.spacing_s) for i in range(n_requests)]
    between = timedelta(seconds=1 / per_s)
    # A slot's end is rounded once, and each of its requests.
    assert all(later - earlier >= between - 2 * ROUNDING for earlier, later in pairwise(sent))


def test_a_slot_fits_into_the_horizon() -> None:
    limits = Limits(50, MINUTE)
    assert allowance(Pace(NOW), limits, 200, now=NOW) == 50
    assert allowance(Pace(NOW + SECOND / 2), limits, 200, now=NOW) == 25
    assert allowance(Pace(NOW + SECOND), limits, 200, now=NOW) == 1
    assert allowance(Pace(NOW + SECOND + ROUNDING), limits, 200, now=NOW) == 0
    assert allowance(Pace(NOW - HOUR), limits, 7, now=NOW) == 7


def test_without_a_limit_all_may_be_claimed_and_nothing_changes() -> None:
    pace = Pace(NOW - HOUR)
    assert rate_at(pace, FREE, NOW) is None
    assert allowance(pace, FREE, 1_000, now=NOW) == 1_000
    assert take(pace, FREE, 1_000, now=NOW) == (pace, Slot(NOW, 0.0))


@pytest.mark.parametrize("ahead", [HORIZON + LONGEST_WAIT + ROUNDING, HOUR])
def test_a_clock_turned_back_stops_nobody(ahead: timedelta) -> None:
    limits = Limits(50, MINUTE)
    pace = Pace(NOW + ahead, 0.1, NOW + ahead)
    assert rate_at(pace, limits, NOW) == 50
    assert allowance(pace, limits, 200, now=NOW) == 50
    taken = take(pace, limits, 50, now=NOW)
    assert taken is not None
    assert taken[1].starts_at == NOW


def test_the_agreed_pace_doubles_with_each_interval_until_nothing_is_left() -> None:
    assert [rate_at(throttled(8, ago=n * MINUTE), FREE, NOW) for n in range(4)] == [8, 16, 32, 64]
    assert rate_at(throttled(8, ago=11 * MINUTE), FREE, NOW) is None
    assert rate_at(throttled(8, ago=10_000 * HOUR), FREE, NOW) is None


@given(per_s=rates, ago=st.timedeltas(timedelta(0), HOUR), limit=rates)
def test_the_lower_of_two_limits_holds(per_s: float, ago: timedelta, limit: float) -> None:
    both = rate_at(throttled(per_s, ago=ago), Limits(limit, MINUTE), NOW)
    agreed = rate_at(throttled(per_s, ago=ago), FREE, NOW)
    assert both == min(limit, limit if agreed is None else agreed)


@given(
    asked_per_s=st.floats(0, 20_000),
    before=st.none() | rates,
    ago=st.timedeltas(3 * SECOND, HOUR),
    limit=st.none() | rates,
    wait=st.timedeltas(timedelta(0), LONGEST_WAIT),
)
def test_a_refusal_halves_the_pace_and_makes_all_wait(
    asked_per_s: float,
    before: float | None,
    ago: timedelta,
    limit: float | None,
    wait: timedelta,
) -> None:
    limits = Limits(limit, MINUTE)
    pace = throttled(before, ago=ago) if before else Pace(NOW)
    slowed = slow_down(pace, limits, now=NOW, asked_per_s=asked_per_s, wait=wait)
    present = rate_at(pace, limits, NOW)
    usual = asked_per_s if present is None else min(present, asked_per_s)
    assert slowed.per_s == max(usual / 2, SLOWEST_PER_S)
    assert slowed.next_at == NOW + wait


@pytest.mark.parametrize(
    ("retry_after_s", "wait_s"), [(None, 1), (0.0, 0), (30.0, 30), (7200.0, 60)]
)
def test_a_service_is_left_alone_as_long_as_it_asks_within_reason(
    retry_after_s: float | None, wait_s: int
) -> None:
    assert wait_after(retry_after_s) == wait_s * SECOND


def test_refusals_of_one_slot_halve_once_but_the_longest_wait_counts() -> None:
    pace = Pace(NOW)
    for ms in range(0, 2_000, 100):
        now = NOW + timedelta(milliseconds=ms)
        pace = slow_down(pace, FREE, now=now, asked_per_s=64, wait=ms / 100 * SECOND)
    assert (pace.per_s, pace.slowed_at) == (32, NOW)
    assert pace.next_at == NOW + timedelta(seconds=1.9 + 19)
    later = slow_down(pace, FREE, now=NOW + 2 * SECOND, asked_per_s=64, wait=SECOND)
    assert later.per_s == pytest.approx(16, rel=0.05)


def test_the_backlog_is_done_within_an_interval() -> None:
    assert catch_up(Pace(NOW), FREE, 6_000, now=NOW) == Pace(NOW, 125, NOW)


def test_a_small_backlog_is_not_dragged_out() -> None:
    assert catch_up(Pace(NOW), FREE, 100, now=NOW).per_s == 5


def test_catching_up_never_quickens() -> None:
    slower = throttled(2)
    assert catch_up(slower, FREE, 6_000, now=NOW) == slower
    limited = Limits(100, MINUTE)
    assert catch_up(Pace(NOW), limited, 6_000, now=NOW) == Pace(NOW)

"""Buckets are those that somebody finds who keeps looking at a zone's clock and calendar."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aggregator.errors import InvalidInput
from aggregator.history.buckets import AUTO, INTERVALS, choose_buckets
from aggregator.history.period import Period
from tests.unit.history.iso import MILLISECOND, local_time, ms

MINUTE, DAY = 60_000, 86_400_000
A_MONDAY = datetime(1, 1, 1)  # noqa: DTZ001 - a local time
#: All but the month, which has none.
LENGTHS = {
    "PT1M": timedelta(minutes=1),
    "PT5M": timedelta(minutes=5),
    "PT15M": timedelta(minutes=15),
    "PT1H": timedelta(hours=1),
    "PT6H": timedelta(hours=6),
    "P1D": timedelta(days=1),
    "P1W": timedelta(weeks=1),
}
#: When clocks were put on or back, so far as that was not an hour in the small hours.
DISTURBANCES = [
    ("Europe/Prague", "2025-03-30T01:00+00:00"),
    ("Europe/Prague", "2025-10-26T01:00+00:00"),
    ("America/Havana", "2025-03-09T05:00+00:00"),
    ("America/Havana", "2025-11-02T05:00+00:00"),
    ("Asia/Beirut", "2025-03-29T22:00+00:00"),
    ("Asia/Beirut", "2025-10-25T21:00+00:00"),
    ("Asia/Kathmandu", "1985-12-31T18:30+00:00"),
    ("Asia/Kolkata", "2025-12-31T18:30+00:00"),
    ("Australia/Lord_Howe", "2025-04-05T15:00+00:00"),
    ("Australia/Lord_Howe", "2025-10-04T15:30+00:00"),
    ("America/St_Johns", "1988-04-03T03:31+00:00"),
    ("America/St_Johns", "1988-10-30T01:31+00:00"),
    ("America/St_Johns", "2010-11-07T02:31+00:00"),
    ("Asia/Pyongyang", "2015-08-14T15:00+00:00"),
    ("Asia/Pyongyang", "2018-05-04T15:00+00:00"),
    ("Antarctica/Casey", "2022-10-01T16:01+00:00"),
    ("Antarctica/Casey", "2023-03-08T16:00+00:00"),
    ("Pacific/Chatham", "2025-04-05T14:00+00:00"),
    ("Pacific/Apia", "2011-12-30T10:00+00:00"),
    ("Pacific/Kwajalein", "1993-08-21T12:00+00:00"),
    ("Pacific/Kiritimati", "1994-12-31T10:00+00:00"),
    ("UTC", "2024-02-29T00:00+00:00"),
]


def interval_number(moment: datetime, interval: str) -> int:
    """Return a number that grows by one whenever the clock enters the next interval."""
    if interval == "P1M":
        return moment.year * 12 + moment.month
    return (moment.replace(tzinfo=None) - A_MONDAY) // LENGTHS[interval]


def begins_again(moment: datetime, interval: str) -> bool:
    """Tell whether a clock that was put back shows the beginning of an interval once more."""
    if not moment.fold or not interval.startswith("PT"):
        return False
    put_back = offset(moment.replace(fold=0)) - offset(moment)
    past = (moment.replace(tzinfo=None) - A_MONDAY) % LENGTHS[interval]
    return past == timedelta(0) and put_back >= LENGTHS[interval]


def offset(moment: datetime) -> timedelta:
    """Return how far a zone is ahead of UTC."""
    found = moment.utcoffset()
    assert found is not None
    return found


def watch_clock(period: Period, interval: str) -> list[int]:
    """Look at the clock every minute of a period, and return when an interval begins."""
    found = []
    first_look = period.start // MINUTE * MINUTE - 2 * DAY
    reached = interval_number(local_time(first_look, period.tz), interval)
    for at in range(first_look, period.end, MINUTE):
        moment = local_time(at, period.tz)
        number = interval_number(moment, interval)
        if number > reached or begins_again(moment, interval):
            found.append(at)
        reached = max(reached, number)
    return [at for at in found if at > period.start]


@st.composite
def disturbed(draw: st.DrawFn) -> tuple[Period, str]:
    """Draw an interval, and a short period in which a zone's clocks are put on or back."""
    tz, disturbance = draw(st.sampled_from(DISTURBANCES))
    interval = draw(st.sampled_from(INTERVALS))
    longest = min(2 * DAY, 900 * (LENGTHS.get(interval, timedelta(days=28)) // MILLISECOND))
    length = draw(st.integers(1, longest))
    start = ms(disturbance) - draw(st.integers(0, length))
    return Period(start, start + length, tz, clamped=False), interval


@st.composite
def periods(draw: st.DrawFn) -> Period:
    """Draw a period of any length in the time from 1972 to 2100."""
    tz = draw(st.sampled_from(sorted({tz for tz, _ in DISTURBANCES})))
    length = draw(st.integers(1, DAY) | st.integers(1, 99 * DAY) | st.integers(1, 30_000 * DAY))
    start = draw(st.integers(ms("1972-02-01"), ms("2100-01-01") - length))
    return Period(start, start + length, tz, clamped=False)


def count_buckets(period: Period, interval: str) -> float:
    """Count the buckets of an interval; infinity where they are too many."""
    with suppress(InvalidInput):
        return len(choose_buckets(period, interval).boundaries) - 1
    return float("inf")


@settings(deadline=None)
@given(case=disturbed())
def test_no_beginning_is_missed_and_none_is_invented(case: tuple[Period, str]) -> None:
    period, interval = case
    buckets = choose_buckets(period, interval)
    assert list(buckets.boundaries)[1:-1] == watch_clock(period, interval)


@pytest.mark.parametrize("interval", INTERVALS)
@settings(deadline=None)
@given(period=periods())
def test_boundaries_lead_from_start_to_end_by_beginnings(period: Period, interval: str) -> None:
    with suppress(InvalidInput):
        boundaries = choose_buckets(period, interval).boundaries
        assert boundaries[0] == period.start
        assert boundaries[-1] == period.end
        assert all(before < after for before, after in pairwise(boundaries))
        for at in boundaries[1:-1]:
            before, moment = (local_time(at - late, period.tz) for late in (1, 0))
            enters = interval_number(moment, interval) > interval_number(before, interval)
            assert enters or begins_again(moment, interval)


@settings(deadline=None)
@given(period=periods())
def test_auto_is_the_shortest_with_at_most_200_buckets(period: Period) -> None:
    chosen = choose_buckets(period, AUTO)
    assert choose_buckets(period, chosen.interval) == chosen
    shorter = INTERVALS[: INTERVALS.index(chosen.interval)]
    assert len(chosen.boundaries) <= 201 or chosen.interval == "P1M"
    assert all(count_buckets(period, interval) > 200 for interval in shorter)


@settings(deadline=None)
@given(period=periods(), interval=st.sampled_from(INTERVALS))
def test_bucket_is_whole_where_another_period_has_a_boundary(period: Period, interval: str) -> None:
    longer = Period(period.start - 1, period.end + 1, period.tz, clamped=False)
    assume(count_buckets(longer, interval) <= 1_000)
    buckets, around = choose_buckets(period, interval), choose_buckets(longer, interval)
    assert buckets.first_partial == (period.start not in around.boundaries)
    assert buckets.last_partial == (period.end not in around.boundaries)

"""Buckets follow the calendar and the clock of a zone, whatever the zone does to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from aggregator.errors import InvalidInput
from aggregator.history.buckets import AUTO, INTERVALS, choose_buckets
from aggregator.history.instants import EARLIEST
from aggregator.history.period import Period
from tests.unit.history.iso import ms

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
PRAGUE, HAVANA, BEIRUT = "Europe/Prague", "America/Havana", "Asia/Beirut"
KATHMANDU, KOLKATA = "Asia/Kathmandu", "Asia/Kolkata"
LORD_HOWE, ST_JOHNS = "Australia/Lord_Howe", "America/St_Johns"


def make_period(start: str, end: str, tz: str = "UTC") -> Period:
    """Make a period; its instants are local where they have no offset."""
    return Period(ms(start, tz), ms(end, tz), tz, clamped=False)


@pytest.mark.parametrize(
    ("interval", "start", "end", "expected"),
    [
        ("PT1M", "12:00", "12:02", ["12:00", "12:01", "12:02"]),
        ("PT1M", "12:00:30", "12:01:30.500", ["12:00:30", "12:01", "12:01:30.500"]),
        ("PT5M", "11:59", "12:06", ["11:59", "12:00", "12:05", "12:06"]),
        ("PT15M", "11:50", "12:20", ["11:50", "12:00", "12:15", "12:20"]),
        ("PT1H", "11:30", "13:00", ["11:30", "12:00", "13:00"]),
        ("PT1H", "12:00", "12:00:00.001", ["12:00", "12:00:00.001"]),
        ("PT1H", "12:59:59.999", "13:00:00.001", ["12:59:59.999", "13:00", "13:00:00.001"]),
        ("PT6H", "05:00", "13:00", ["05:00", "06:00", "12:00", "13:00"]),
        ("P1D", "05:00", "06:00", ["05:00", "06:00"]),
    ],
)
def test_buckets_begin_at_multiples_of_their_interval(
    interval: str, start: str, end: str, expected: list[str]
) -> None:
    period = make_period(f"2026-03-04T{start}", f"2026-03-04T{end}")
    buckets = choose_buckets(period, interval)
    assert buckets.interval == interval
    assert buckets.boundaries == [ms(f"2026-03-04T{at}") for at in expected]


@pytest.mark.parametrize(
    ("interval", "tz", "expected"),
    [
        ("P1D", "UTC", ["2026-02-27T15:00", "2026-02-28", "2026-03-01", "2026-03-02"]),
        ("P1W", "UTC", ["2026-02-22", "2026-02-23", "2026-03-02", "2026-03-03T01:00"]),
        ("P1M", "UTC", ["2024-01-31", "2024-02-01", "2024-03-01", "2024-03-02"]),
        ("P1M", "UTC", ["1969-11-05", "1969-12-01", "1970-01-01", "1970-02-01"]),
        ("P1W", PRAGUE, ["2026-03-23", "2026-03-30", "2026-04-06"]),
        ("P1M", PRAGUE, ["2026-03-01", "2026-04-01", "2026-05-01"]),
        ("P1D", KATHMANDU, ["2026-02-28", "2026-03-01"]),
        ("PT1H", KATHMANDU, ["2026-03-01T00:30", "2026-03-01T01:00", "2026-03-01T02:00"]),
        ("PT1H", KOLKATA, ["2026-03-01T00:00+00:00", "2026-03-01T06:00", "2026-03-01T06:30"]),
        pytest.param(
            "PT1M",
            "Africa/Monrovia",
            ["1971-03-01T00:00:00+00:00", "1971-03-01T00:00:30+00:00", "1971-03-01T00:01:30+00:00"],
            id="44-minutes-and-30-seconds",
        ),
        pytest.param(
            "P1D",
            "America/Toronto",
            ["1919-03-30T05:00+00:00", "1919-03-31T04:30+00:00", "1919-04-01T04:00+00:00"],
            id="midnight-inside-a-gap",
        ),
        pytest.param(
            "P1D",
            "Pacific/Apia",
            ["2011-12-29T10:00+00:00", "2011-12-30T10:00+00:00", "2011-12-31T10:00+00:00"],
            id="no-such-day",
        ),
        pytest.param(
            "P1D",
            ST_JOHNS,
            ["2010-11-07T02:45+00:00", "2010-11-08T03:30+00:00"],
            id="evening-repeated-after-midnight",
        ),
    ],
)
def test_buckets_begin_at_the_time_of_the_zone(interval: str, tz: str, expected: list[str]) -> None:
    boundaries = [ms(at, tz) for at in expected]
    period = Period(boundaries[0], boundaries[-1], tz, clamped=False)
    assert choose_buckets(period, interval).boundaries == boundaries


@pytest.mark.parametrize(
    ("tz", "day", "interval", "expected"),
    [
        (PRAGUE, "2026-03-29", "P1D", [23]),
        (PRAGUE, "2026-03-29", "PT6H", [5, 6, 6, 6]),
        (PRAGUE, "2026-03-29", "PT1H", [1] * 23),
        (PRAGUE, "2026-10-25", "P1D", [25]),
        (PRAGUE, "2026-10-25", "PT6H", [7, 6, 6, 6]),
        (PRAGUE, "2026-10-25", "PT1H", [1] * 25),
        (LORD_HOWE, "2026-10-04", "P1D", [23.5]),
        (LORD_HOWE, "2026-10-04", "PT1H", [1, 1, 0.5, *[1] * 21]),
        (LORD_HOWE, "2026-04-05", "P1D", [24.5]),
        (LORD_HOWE, "2026-04-05", "PT1H", [1, 1.5, *[1] * 22]),
        (LORD_HOWE, "2026-04-05", "PT15M", [0.25] * 98),
        (HAVANA, "2026-03-08", "P1D", [23]),
        (HAVANA, "2026-03-08", "PT6H", [5, 6, 6, 6]),
        (HAVANA, "2026-11-01", "P1D", [25]),
        (HAVANA, "2026-11-01", "PT6H", [7, 6, 6, 6]),
        (HAVANA, "2026-11-01", "PT1H", [1] * 25),
        (BEIRUT, "2026-03-29", "P1D", [23]),
        (BEIRUT, "2026-03-29", "PT1H", [1] * 23),
        (BEIRUT, "2026-10-24", "P1D", [25]),
        (BEIRUT, "2026-10-24", "PT6H", [6, 6, 6, 7]),
    ],
)
def test_day_of_another_length_is_divided_by_its_clock(
    tz: str, day: str, interval: str, expected: list[float]
) -> None:
    next_day = (datetime.fromisoformat(day) + timedelta(days=1)).isoformat()
    buckets = choose_buckets(make_period(day, next_day, tz), interval)
    hours = [(end - start) / HOUR for start, end in pairwise(buckets.boundaries)]
    assert hours == expected
    assert not buckets.first_partial
    assert not buckets.last_partial


@pytest.mark.parametrize("tz", ["UTC", PRAGUE, KATHMANDU])
@pytest.mark.parametrize(
    ("interval", "start", "end", "first_partial", "last_partial"),
    [
        ("PT1H", "2026-03-01T12:00", "2026-03-01T14:00", False, False),
        ("PT1H", "2026-03-01T12:01", "2026-03-01T14:00", True, False),
        ("PT1H", "2026-03-01T12:00", "2026-03-01T13:59:59.999", False, True),
        ("PT1H", "2026-03-01T12:10", "2026-03-01T12:20", True, True),
        ("P1D", "2026-03-01", "2026-03-02", False, False),
        ("P1D", "2026-03-01", "2026-03-02T00:00:00.001", False, True),
        ("P1W", "2026-03-02", "2026-03-08", False, True),
        ("P1W", "2026-03-01", "2026-03-09", True, False),
        ("P1M", "2026-03-01", "2026-04-01", False, False),
        ("P1M", "2026-03-02", "2026-04-02", True, True),
    ],
)
def test_bucket_that_the_period_cuts_is_partial(
    tz: str, interval: str, start: str, end: str, *, first_partial: bool, last_partial: bool
) -> None:
    buckets = choose_buckets(make_period(start, end, tz), interval)
    assert (buckets.first_partial, buckets.last_partial) == (first_partial, last_partial)


@pytest.mark.parametrize(
    ("length", "interval"),
    [
        (1, "PT1M"),
        (200 * MINUTE, "PT1M"),
        (200 * MINUTE + 1, "PT5M"),
        (1_000 * MINUTE, "PT5M"),
        (1_000 * MINUTE + 1, "PT15M"),
        (50 * HOUR, "PT15M"),
        (50 * HOUR + 1, "PT1H"),
        (200 * HOUR, "PT1H"),
        (200 * HOUR + 1, "PT6H"),
        (50 * DAY, "PT6H"),
        (50 * DAY + 1, "P1D"),
        (200 * DAY, "P1D"),
        (200 * DAY + 1, "P1W"),
        (200 * 7 * DAY, "P1W"),
        (200 * 7 * DAY + 1, "P1M"),
        (30_000 * DAY, "P1M"),
    ],
)
def test_auto_is_the_shortest_with_at_most_200_buckets(length: int, interval: str) -> None:
    monday = ms("2026-01-05")
    period = Period(monday, monday + length, "UTC", clamped=False)
    assert choose_buckets(period, AUTO).interval == interval


def test_buckets_that_the_period_cuts_count_too() -> None:
    whole = make_period("2026-03-01T00:00", "2026-03-01T03:20")
    cut = make_period("2026-03-01T00:00:30", "2026-03-01T03:20:30")
    assert choose_buckets(whole, AUTO).interval == "PT1M"
    assert choose_buckets(cut, AUTO).interval == "PT5M"


@pytest.mark.parametrize("wanted", [AUTO, "PT1M", "PT15M", "PT1H", "PT6H"])
def test_no_interval_is_shorter_than_the_shortest(wanted: str) -> None:
    period = make_period("2026-03-01T00:00", "2026-03-01T02:00")
    expected = max(wanted, "PT1H", key=INTERVALS.index) if wanted != AUTO else "PT1H"
    assert choose_buckets(period, wanted, shortest="PT1H").interval == expected


@pytest.mark.parametrize(
    ("wanted", "length"),
    [("PT1M", 1_000 * MINUTE), ("PT6H", 250 * DAY), ("P1D", 1_000 * DAY), ("P1W", 7_000 * DAY)],
)
def test_thousand_buckets_are_not_too_many(wanted: str, length: int) -> None:
    monday = ms("2026-01-05")
    period = Period(monday, monday + length, "UTC", clamped=False)
    assert len(choose_buckets(period, wanted).boundaries) == 1_001


@pytest.mark.parametrize(
    ("wanted", "length", "fits"),
    [
        ("PT1M", 1_000 * MINUTE + 1, "PT5M"),
        ("PT1M", 5_000 * MINUTE + 1, "PT15M"),
        ("PT1M", 30_000 * DAY, "P1M"),
        ("PT6H", 250 * DAY + 1, "P1D"),
        ("P1D", 1_000 * DAY + 1, "P1W"),
        ("P1W", 7_000 * DAY + 1, "P1M"),
    ],
)
def test_interval_too_short_is_refused_with_the_shortest_that_fits(
    wanted: str, length: int, fits: str
) -> None:
    monday = ms("2026-01-05")
    with pytest.raises(InvalidInput, match=f"fits is {fits}\\.") as refused:
        choose_buckets(Period(monday, monday + length, "UTC", clamped=False), wanted)
    [fault] = refused.value.faults
    assert (fault.location, fault.where, fault.code) == ("parameter", "interval", "too_short")


@pytest.mark.parametrize("wanted", [AUTO, "PT1M", "P1D", "P1M"])
@pytest.mark.parametrize("start", ["1942-09-01T00:00+00:00", "0002-01-01T00:00+00:00"])
@pytest.mark.parametrize("tz", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_period_of_more_than_1000_months_is_refused(tz: str, start: str, wanted: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        choose_buckets(make_period(start, "2026-03-01", tz), wanted)
    [fault] = refused.value.faults
    assert (fault.location, fault.where, fault.code) == ("parameter", "from", "too_long")


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("tz", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_earliest_period_has_buckets(tz: str, interval: str) -> None:
    period = Period(EARLIEST, EARLIEST + HOUR, tz, clamped=False)
    assert choose_buckets(period, interval).interval == interval

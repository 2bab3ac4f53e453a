"""Durations: elapsed time is counted on the stopwatch, calendar units on the calendar."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import InvalidInput
from aggregator.history.durations import Duration, move, read_duration
from tests.unit.history.iso import local_time, ms

ZONES = ["UTC", "Europe/Prague", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PT6H", {"hours": 6}),
        ("P7D", {"days": 7}),
        ("P1M", {"months": 1}),
        ("PT1M", {"minutes": 1}),
        ("P2W", {"weeks": 2}),
        ("P1W2D", {"weeks": 1, "days": 2}),
        ("P1Y2M3DT4H", {"years": 1, "months": 2, "days": 3, "hours": 4}),
        ("PT5M6S", {"minutes": 5, "seconds": 6}),
        ("PT0.5S", {"seconds": 0, "nanoseconds": 500_000_000}),
        ("PT1,25S", {"seconds": 1, "nanoseconds": 250_000_000}),
        ("PT36H", {"hours": 36}),
        ("P0DT1H", {"days": 0, "hours": 1}),
        ("30m", {"minutes": 30}),
        ("24h", {"hours": 24}),
        ("7d", {"days": 7}),
        ("4w", {"weeks": 4}),
        ("3mo", {"months": 3}),
        ("1y", {"years": 1}),
        ("007d", {"days": 7}),
    ],
)
def test_duration_is_read(text: str, expected: dict[str, int]) -> None:
    assert dict(read_duration("period", text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "P",
        "PT",
        "P1",
        "P1DT",
        "1",
        "d",
        "1s",
        "1H",
        "1D",
        "1M",
        "1Mo",
        "1min",
        "1 d",
        "1.5h",
        "1d12h",
        "-1d",
        "+1d",
        "0d",
        "0mo",
        "-P1D",
        "+P1D",
        "P-1D",
        "P0D",
        "PT0S",
        "P0DT0H",
        "PT0.000000000S",
        "p1d",
        "P1d",
        "Pt1h",
        "pt1h",
        "P1.5D",
        "PT1.5H",
        "P1D1Y",
        "P1M1M",
        "P1H",
        "PT1D",
        "P1S",
        "PT.5S",
        "PT1.S",
        "P0001-00-01T00:00:00",
        " P1D",
        "P1D ",
        "P1D\n",
        "1d\n",
        "P\uff11D",
        "\u0663d",
        "P1D\ud800",
        "P999999999Y",
        "PT999999999999H",
        "99999999999999999999d",
        pytest.param("9" * 10_000 + "y", id="long-short"),
        pytest.param("P" + "9" * 10_000 + "D", id="long-iso"),
    ],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_duration("period", text)
    [fault] = refused.value.faults
    assert (fault.location, fault.where, fault.code) == ("parameter", "period", "format")


@given(text=st.text() | st.text("P0123456789YMWDTHS.,-+mhdwoy", max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        assert read_duration("period", text).sign() > 0


PRAGUE, LORD_HOWE, HAVANA = "Europe/Prague", "Australia/Lord_Howe", "America/Havana"


@pytest.mark.parametrize(
    ("tz", "start", "duration", "expected"),
    [
        ("UTC", "2026-03-31T12:00Z", "-P1M", "2026-02-28T12:00Z"),
        ("UTC", "2024-03-31T12:00Z", "-P1M", "2024-02-29T12:00Z"),
        ("UTC", "2024-02-29T12:00Z", "-P1Y", "2023-02-28T12:00Z"),
        ("UTC", "2026-01-31T12:00Z", "P1M", "2026-02-28T12:00Z"),
        ("UTC", "2026-01-31T12:00Z", "P1M1D", "2026-03-01T12:00Z"),
        ("UTC", "2026-03-31T12:00Z", "-P1M1D", "2026-02-27T12:00Z"),
        ("UTC", "2026-03-01T12:00Z", "-P1Y2M3W4DT5H6M7.008S", "2024-12-07T06:53:52.992Z"),
        ("UTC", "2026-03-01T12:00Z", "PT0.0019S", "2026-03-01T12:00:00.001Z"),
        ("UTC", "1969-07-20T20:17Z", "PT6H", "1969-07-21T02:17Z"),
        pytest.param(
            PRAGUE, "2026-03-29T12:00+02:00", "-P1D", "2026-03-28T12:00+01:00", id="day-of-23h"
        ),
        pytest.param(
            PRAGUE, "2026-03-29T12:00+02:00", "-PT24H", "2026-03-28T11:00+01:00", id="24h-over-gap"
        ),
        pytest.param(
            PRAGUE, "2026-10-25T12:00+01:00", "-P1D", "2026-10-24T12:00+02:00", id="day-of-25h"
        ),
        pytest.param(
            PRAGUE, "2026-10-25T12:00+01:00", "-PT24H", "2026-10-24T13:00+02:00", id="24h-over-fold"
        ),
        pytest.param(
            PRAGUE, "2026-03-30T02:30+02:00", "-P1D", "2026-03-29T03:30+02:00", id="into-gap"
        ),
        pytest.param(
            PRAGUE, "2026-03-28T02:30+01:00", "P1D", "2026-03-29T03:30+02:00", id="on-into-gap"
        ),
        pytest.param(
            LORD_HOWE, "2026-10-05T02:15+11:00", "-P1D", "2026-10-04T02:45+11:00", id="short-gap"
        ),
        pytest.param(
            HAVANA, "2026-03-09T00:00-04:00", "-P1D", "2026-03-08T01:00-04:00", id="no-midnight"
        ),
        pytest.param(
            PRAGUE, "2026-10-26T02:30+01:00", "-P1D", "2026-10-25T02:30+02:00", id="first-of-two"
        ),
        pytest.param(
            PRAGUE, "2026-10-24T02:30+02:00", "P1D", "2026-10-25T02:30+02:00", id="on-to-first"
        ),
        pytest.param(
            PRAGUE, "2026-10-25T02:30+01:00", "PT1M", "2026-10-25T02:31+01:00", id="in-second"
        ),
        pytest.param(
            PRAGUE, "2026-10-25T02:30+01:00", "P0DT1M", "2026-10-25T02:31+01:00", id="no-days"
        ),
        pytest.param(
            PRAGUE,
            "2026-03-29T04:00+02:00",
            "-P1DT3H",
            "2026-03-28T01:00+01:00",
            id="date-part-first",
        ),
        pytest.param(
            PRAGUE, "2026-10-24T02:30+02:00", "P1DT1H", "2026-10-25T02:30+01:00", id="on-date-first"
        ),
    ],
)
def test_instant_moves_by_a_duration(tz: str, start: str, duration: str, expected: str) -> None:
    assert move(ms(start), Duration(duration), tz) == ms(expected)


@given(
    at=st.integers(ms("1900-01-01"), ms("2200-01-01")),
    hours=st.integers(1, 10**6),
    tz=st.sampled_from(ZONES),
)
def test_elapsed_time_is_the_same_in_every_zone(at: int, hours: int, tz: str) -> None:
    assert move(at, Duration(hours=hours), tz) == at + hours * 3_600_000


@given(
    at=st.integers(ms("1900-01-01"), ms("2200-01-01")),
    days=st.integers(-(10**5), 10**5).filter(bool),
    tz=st.sampled_from(ZONES),
)
def test_days_keep_the_local_time(at: int, days: int, tz: str) -> None:
    wanted = local_time(at, tz).replace(tzinfo=None) + timedelta(days=days)
    assert move(at, Duration(days=days), tz) == ms(wanted.isoformat(), tz)


@pytest.mark.parametrize(
    "duration",
    ["-P9998Y", "-P99999M", "-P400000W", "-P3000000D", "-PT20000000H", "P7974Y", "P9999Y"],
)
@pytest.mark.parametrize("tz", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_calendar_is_not_left(duration: str, tz: str) -> None:
    with pytest.raises(ValueError, match="range"):
        move(ms("2026-03-01"), Duration(duration), tz)

"""A period is told as it was asked for."""

from __future__ import annotations

import pytest

from aggregator.cli.local_time import LocalTime
from aggregator.cli.spans import Span, describe_span
from aggregator.history.period import resolve_period
from tests.unit.made_trends import NOW

LOCAL = LocalTime("UTC", NOW)
START, END, FUTURE = "2026-03-01", "2026-03-02T12:00", "2027-01-01"


@pytest.mark.parametrize(
    ("start", "end", "duration", "words", "ends_now"),
    [
        pytest.param(None, None, None, "in 30 days", True, id="default"),
        pytest.param(None, None, "7d", "in 7 days", True, id="days"),
        pytest.param(None, None, "P1D", "in 1 day", True, id="one"),
        pytest.param(None, None, "24h", "in 24 hours", True, id="hours"),
        pytest.param(None, None, "P1Y2MT3.5S", "in 1 year 2 months 3 seconds", True, id="mixed"),
        pytest.param(None, None, "P0DT2H", "in 2 hours", True, id="none-of-a-unit"),
        pytest.param(None, FUTURE, "7d", "in 7 days", True, id="to-the-future"),
        pytest.param(START, None, None, "since 1 March 00:00", True, id="from"),
        pytest.param(START, FUTURE, None, "since 1 March 00:00", True, id="from-to-the-future"),
        pytest.param(START, None, "9d", "since 1 March 00:00", True, id="from-beyond-now"),
        pytest.param(START, END, None, "from 1 March 00:00 to 2 March 12:00", False, id="from-to"),
        pytest.param(
            START, None, "1d", "from 1 March 00:00 to 2 March 00:00", False, id="from-a-day"
        ),
        pytest.param(
            None, END, "1d", "from 1 March 12:00 to 2 March 12:00", False, id="a-day-before"
        ),
    ],
)
def test_span(
    start: str | None, end: str | None, duration: str | None, words: str, ends_now: bool
) -> None:
    period = resolve_period(start=start, end=end, period=duration, tz=None, now=NOW)
    found = describe_span(period, LOCAL, start=start, end=end, duration=duration)
    assert found == Span(words, ends_now)

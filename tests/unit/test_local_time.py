"""Instants are named by the days of the last week, and by their dates before it."""

from __future__ import annotations

import pytest

from aggregator.cli.local_time import LocalTime
from tests.unit.made_trends import NOW, at

UTC = LocalTime("UTC", NOW)
PRAGUE = LocalTime("Europe/Prague", NOW)


@pytest.mark.parametrize(
    ("local", "instant", "when"),
    [
        pytest.param(UTC, "2026-03-06T14:05", "today 14:05", id="now"),
        pytest.param(UTC, "2026-03-06T00:00", "today 00:00", id="midnight"),
        pytest.param(UTC, "2026-03-05T23:59", "on Thursday 23:59", id="yesterday"),
        pytest.param(UTC, "2026-02-28T00:00", "on Saturday 00:00", id="six-days-ago"),
        # Today is a Friday too.
        pytest.param(UTC, "2026-02-27T23:59", "on 27 February 23:59", id="a-week-ago"),
        pytest.param(UTC, "2025-12-31T23:30", "on 31 December 2025 23:30", id="another-year"),
        pytest.param(PRAGUE, "2026-03-05T23:30", "today 00:30", id="other-day-in-zone"),
        pytest.param(PRAGUE, "2025-12-31T23:30", "on 1 January 00:30", id="other-year-in-zone"),
    ],
)
def test_when(local: LocalTime, instant: str, when: str) -> None:
    assert local.when(at(instant)) == when
    assert local.name(at(instant)) == when.removeprefix("on ")


@pytest.mark.parametrize(
    ("instant", "with_time", "told"),
    [
        ("2026-03-03T09:05", True, "Tue 03 Mar 10:05"),
        ("2026-03-03T09:05", False, "Tue 03 Mar"),
        ("2025-07-01T22:00", False, "Wed 02 Jul 2025"),
    ],
)
def test_short_form_is_for_columns(instant: str, with_time: bool, told: str) -> None:
    assert PRAGUE.short(at(instant), with_time=with_time) == told


def test_date_is_told_of_any_day() -> None:
    assert UTC.date(NOW) == "6 March 14:05"

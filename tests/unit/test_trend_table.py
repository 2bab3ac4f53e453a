"""The table of a trend: not too long, and nothing in it that is not known."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from aggregator.cli.local_time import LocalTime
from aggregator.cli.trend_table import choose_interval, make_table
from aggregator.history.buckets import AUTO, choose_buckets
from aggregator.history.period import resolve_period
from aggregator.history.trend import Bucket, Trend
from tests.unit.made_trends import DAY, NOW, WEEK_AGO, make_bar, make_trend

HEADINGS = ["Start", "Open", "Low", "High", "Close", "Average", "Known"]


@pytest.mark.parametrize(
    ("duration", "interval"),
    [
        ("25m", "PT1M"),
        ("26m", "PT5M"),
        ("2h", "PT5M"),
        ("24h", "PT1H"),
        ("2d", "PT6H"),
        ("7d", "P1D"),
        ("30d", "P1W"),
        ("1y", "P1M"),
        ("3y", "P1M"),
        ("9y", "P1M"),
    ],
)
def test_interval_is_the_shortest_that_reads_well(duration: str, interval: str) -> None:
    period = resolve_period(start=None, end=None, period=duration, tz=None, now=NOW)
    fine = choose_buckets(period, AUTO).interval
    assert choose_interval(make_trend(period=period, interval=fine)) == interval


def rows_of(trend: Trend, tz: str = "UTC") -> list[str]:
    """Return the lines of a table."""
    console = Console(file=io.StringIO(), width=200)
    with console.capture() as printed:
        console.print(make_table(trend, LocalTime(tz, NOW)))
    return printed.get().splitlines()


def test_row_of_each_bucket() -> None:
    dear = make_bar(1_234_567, start=WEEK_AGO, length=DAY, coverage=0.5)
    dear.open, dear.low, dear.high, dear.close = 2, 1, 1_234_567, 3
    none = make_bar(None, start=WEEK_AGO + DAY, length=DAY)
    unknown = make_bar(5, start=WEEK_AGO + 2 * DAY, length=DAY, coverage=0)
    buckets = [Bucket(bar, partial=False) for bar in (dear, none, unknown)]
    heading, *rows = [line.split("  ") for line in rows_of(make_trend(buckets=buckets))]
    assert [cell.strip() for cell in heading if cell] == HEADINGS
    assert [[cell.strip() for cell in row if cell] for row in rows] == [
        ["Fri 27 Feb", "2", "1", "1,234,567", "3", "1,234,567.0", "50 %"],
        ["Sat 28 Feb", "-", "-", "-", "-", "-", "100 %"],
        ["Sun 01 Mar", "-", "-", "-", "-", "-", "0 %"],
    ]


def test_what_is_not_known_for_long_is_one_row() -> None:
    known = [make_bar(5, start=WEEK_AGO + n * DAY, length=DAY) for n in (0, 4)]
    unknown = [make_bar(None, start=WEEK_AGO + n * DAY, length=DAY, coverage=0) for n in (1, 2, 3)]
    bars = [known[0], *unknown, known[1]]
    [_, first, gap, last] = rows_of(
        make_trend(buckets=[Bucket(bar, partial=False) for bar in bars])
    )
    assert (first[:10], gap.split(), last[:10]) == (
        "Fri 27 Feb", ["3", "days", "not", "known"], "Tue 03 Mar",
    )  # fmt: skip


def test_figures_stand_under_each_other() -> None:
    bars = [make_bar(value, start=WEEK_AGO, length=DAY) for value in (5, 17_295)]
    lines = rows_of(make_trend(buckets=[Bucket(bar, partial=False) for bar in bars]))
    ends = [[line.rindex(word) + len(word) for word in (" 5 ", "5.0 ")] for line in lines[1:2]]
    assert ends == [
        [line.rindex(w) + len(w) for w in (" 17,295 ", "17,295.0 ")] for line in lines[2:]
    ]


def test_means_have_a_decimal_even_where_they_are_whole() -> None:
    bucket = Bucket(make_bar(12, start=WEEK_AGO), partial=False)
    [_, row] = rows_of(make_trend(buckets=[bucket], aggregate="mean"))
    assert row.split()[3:] == ["12.0", "12.0", "12.0", "12.0", "12.0", "100", "%"]


def test_time_is_told_of_hours_in_their_zone() -> None:
    bucket = Bucket(make_bar(12, start=WEEK_AGO), partial=False)
    trend = make_trend(buckets=[bucket], interval="PT1H")
    assert rows_of(trend, "Europe/Prague")[1].startswith("Fri 27 Feb 15:05  ")

"""The table of a trend's buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from rich.table import Table

from aggregator.cli.figures import one_decimal, price, share
from aggregator.cli.local_time import LocalTime
from aggregator.cli.spans import in_words
from aggregator.history.aggregates import BEST
from aggregator.history.buckets import INTERVALS, choose_buckets
from aggregator.history.durations import Duration, read_duration
from aggregator.history.trend import Bucket, Trend

#: A day by the hour, begun within one.
MOST_ROWS = 25
_MISSING = "-"


def choose_interval(trend: Trend) -> str:
    """Return the shortest interval, or the trend's own, that gives at most :data:`MOST_ROWS` rows.

    Where none does, it is the longest.
    """
    coarser = INTERVALS[INTERVALS.index(trend.interval) :]
    divided = (choose_buckets(trend.period, interval) for interval in coarser)
    fitting = (d.interval for d in divided if len(d.boundaries) - 1 <= MOST_ROWS)
    return next(fitting, coarser[-1])


def make_table(trend: Trend, local: LocalTime) -> Table:
    """Return a table with a row for each bucket; stretches of which nothing is known are one."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Start", no_wrap=True)
    for heading in ("Open", "Low", "High", "Close", "Average", "Known"):
        table.add_column(heading, no_wrap=True, justify="right")
    with_time = trend.interval.startswith("PT")
    told = price if trend.aggregate == BEST else one_decimal
    for is_known, alike in groupby(trend.buckets, lambda bucket: bucket.bar.known_ms > 0):
        buckets = list(alike)
        if not is_known and len(buckets) > 1:
            table.add_row(_length(len(buckets), trend.interval), *[""] * 5, "not known")
            continue
        for bucket in buckets:
            start = local.short(bucket.bar.start, with_time=with_time)
            table.add_row(start, *_cells(bucket, told))
    return table


def _length(n: int, interval: str) -> str:
    """Return so many intervals in words, such as ``23 hours``."""
    [(unit, length)] = read_duration("interval", interval).items()
    return in_words(Duration(**{unit: n * length}))


def _cells(bucket: Bucket, told: Callable[[int | float], str]) -> Iterator[str]:
    for value in (bucket.open, bucket.low, bucket.high, bucket.close):
        yield _MISSING if value is None else told(value)
    average, coverage = bucket.bar.average, bucket.bar.coverage
    yield _MISSING if average is None else one_decimal(average)
    yield _MISSING if coverage is None else share(coverage)

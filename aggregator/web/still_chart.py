"""The chart as it stands in the page before any script runs, and where none does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from aggregator.history.bars import Bar, Value
from aggregator.history.rounding import Exact
from aggregator.history.trend import Bucket, Trend
from aggregator.web.scale import Scale

#: What the coordinates below are measured in; the page stretches it to its own width.
WIDTH, HEIGHT = 1000, 300
_MARGIN = 12

UNKNOWN, SOLD_OUT, PRICED = "unknown", "sold-out", "priced"


class Stretch(NamedTuple):
    """A stretch without a price, from the left and of some width."""

    kind: str
    """:data:`UNKNOWN` or :data:`SOLD_OUT`."""
    x: float
    width: float


class StillChart(NamedTuple):
    """A line, the band around it, and the stretches that have neither."""

    line: str
    """An SVG path."""
    band: str
    """An SVG path."""
    stretches: Sequence[Stretch]


def draw_chart(trend: Trend) -> StillChart:
    """Draw a trend's series in steps.

    Of buckets shorter than a day these are the prices at their starts, of others their averages:
    a price at midnight says little of a week.
    """
    low, high = (mark.value if mark else 0 for mark in (trend.low, trend.high))
    start, end = trend.period.start, trend.period.end
    scale = Scale(start, end, low, high, width=WIDTH, height=HEIGHT, margin=_MARGIN)
    points_of = _instants if trend.interval.startswith("PT") else _averages
    runs = [list(run) for kind, run in groupby(trend.buckets, _kind_of) if kind == PRICED]
    return StillChart(
        line="".join(_line(list(points_of(run)), scale) for run in runs),
        band="".join(_box(bucket.bar, scale) for run in runs for bucket in run),
        stretches=list(_stretches(trend.buckets, scale)),
    )


def _kind_of(bucket: Bucket) -> str:
    """Return whether a bucket has a price, and if not, whether that is known."""
    if not bucket.bar.known_ms:
        return UNKNOWN
    return SOLD_OUT if bucket.low is None else PRICED


def _line(points: Sequence[tuple[int, Exact]], scale: Scale) -> str:
    told = [f"M{scale.x(at):g} {scale.y(value):g}" for at, value in points[:1]]
    told += [f"H{scale.x(at):g}V{scale.y(value):g}" for at, value in points[1:]]
    return "".join(told)


def _instants(run: Sequence[Bucket]) -> Iterator[tuple[int, Exact]]:
    """Yield the price at the start of each bucket, and at the end of the last."""
    last: Value = None
    for bucket in run:
        if bucket.open is not None:
            yield bucket.bar.start, bucket.open
        last = bucket.open if bucket.close is None else bucket.close
    if last is not None:
        yield run[-1].bar.end, last


def _averages(run: Sequence[Bucket]) -> Iterator[tuple[int, Exact]]:
    """Yield the average of each bucket at its start, and of the last also at its end."""
    known = [(bucket.bar, average) for bucket in run if (average := bucket.bar.average) is not None]
    yield from ((bar.start, average) for bar, average in known)
    yield from ((bar.end, average) for bar, average in known[-1:])


def _box(bar: Bar, scale: Scale) -> str:
    if bar.low is None or bar.high is None or bar.low == bar.high:
        return ""
    left, right = scale.x(bar.start), scale.x(bar.end)
    return f"M{left:g} {scale.y(bar.high):g}H{right:g}V{scale.y(bar.low):g}H{left:g}Z"


def _stretches(buckets: Sequence[Bucket], scale: Scale) -> Iterator[Stretch]:
    for kind, group in groupby(buckets, _kind_of):
        if kind == PRICED:
            continue
        run = list(group)
        left, right = scale.x(run[0].bar.start), scale.x(run[-1].bar.end)
        yield Stretch(kind, left, round(right - left, 1))

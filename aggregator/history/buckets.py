"""Buckets: a period divided along the calendar and the clock of a time zone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from whenever import Instant, TimeDelta, ZonedDateTime

from aggregator.errors import Fault, InvalidInput
from aggregator.history.period import Period

AUTO = "auto"
MOST_AUTO_BUCKETS = 200
MOST_BUCKETS = 1_000

_STEPS = {name: TimeDelta(name) for name in ("PT1M", "PT5M", "PT15M", "PT1H", "PT6H")}
_UNITS: dict[str, Literal["day", "week_mon", "month"]] = {
    "P1D": "day",
    "P1W": "week_mon",
    "P1M": "month",
}
#: The shortest first.
INTERVALS = (*_STEPS, *_UNITS)


@dataclass(frozen=True, slots=True)
class Buckets:
    """What a period is divided into: stretches between neighbouring boundaries."""

    interval: str
    boundaries: Sequence[int]
    """Strictly increasing; the first is the period's start, the last its end."""
    first_partial: bool
    """Whether the first would begin before the period."""
    last_partial: bool
    """Whether the last would end after the period."""


def choose_buckets(period: Period, wanted: str, *, shortest: str = INTERVALS[0]) -> Buckets:
    """Divide a period into the buckets of an interval.

    :param wanted: one of :data:`INTERVALS`, or :data:`AUTO` for the shortest that gives at most
        :data:`MOST_AUTO_BUCKETS`, or the longest where none does.
    :param shortest: what stands in for every shorter interval.
    :raises InvalidInput: There would be more than :data:`MOST_BUCKETS`.
    """
    if wanted == AUTO:
        fitting = _find_fitting(period, shortest, MOST_AUTO_BUCKETS)
        return fitting or choose_buckets(period, INTERVALS[-1])
    asked = max(wanted, shortest, key=INTERVALS.index)
    fitting = _find_fitting(period, asked, MOST_BUCKETS)
    if fitting is None:
        detail = f"The period is too long: {INTERVALS[-1]} gives more than {MOST_BUCKETS} buckets."
        raise InvalidInput([Fault("parameter", "from", "too_long", detail)])
    if fitting.interval != asked:
        fits = f"the shortest interval that fits is {fitting.interval}"
        detail = f"{asked} gives more than {MOST_BUCKETS} buckets; {fits}."
        raise InvalidInput([Fault("parameter", "interval", "too_short", detail)])
    return fitting


def _find_fitting(period: Period, shortest: str, most: int) -> Buckets | None:
    """Return the buckets of the shortest interval that gives at most so many; None if none does."""
    intervals = INTERVALS[INTERVALS.index(shortest) :]
    divided = (_divide(period, interval, most) for interval in intervals)
    return next((buckets for buckets in divided if buckets is not None), None)


def _divide(period: Period, interval: str, most: int) -> Buckets | None:
    """Return the buckets of an interval; None if there are more than so many."""
    # Where the clock is set back, one may last longer, but never as long as two.
    step = _STEPS.get(interval)
    if step and period.end - period.start > 2 * most * step.total("milliseconds"):
        return None
    # So many buckets have one boundary more; beyond that, none is computed.
    aligned = list(islice(_boundaries(period, interval), most + 1))
    inner = [at for at in aligned if period.start < at < period.end]
    if len(inner) >= most:
        return None
    return Buckets(
        interval,
        [period.start, *inner, period.end],
        first_partial=period.start not in aligned,
        last_partial=period.end not in aligned,
    )


def _boundaries(period: Period, interval: str) -> Iterator[int]:
    """Yield the instants of a period, its end included, at which buckets begin, in order."""
    moment = Instant.from_timestamp(period.start, unit="millisecond").to_tz(period.tz)
    moment = _round_up(moment, interval)
    while (at := moment.timestamp(unit="millisecond")) <= period.end:
        yield at
        moment = _round_up(moment.add(nanoseconds=1), interval)


def _round_up(moment: ZonedDateTime, interval: str) -> ZonedDateTime:
    """Return the first beginning of an interval at or after a moment.

    A beginning that the clock skips is the first instant after the gap. One that it repeats
    counts twice where the interval is no longer than what is repeated, and once, the first
    time, where it is longer; so days begin once.
    """
    if interval in _STEPS:
        return moment.round(_STEPS[interval], mode="ceil")
    return moment.subtract(nanoseconds=1).end_of(_UNITS[interval]).add(nanoseconds=1)

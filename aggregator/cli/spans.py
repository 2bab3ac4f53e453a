"""Periods in words, by how they were asked for."""

from __future__ import annotations

from typing import NamedTuple

from aggregator.cli.local_time import LocalTime
from aggregator.history.durations import Duration, read_duration
from aggregator.history.period import DEFAULT_DURATION, Period


class Span(NamedTuple):
    """A period in words."""

    words: str
    """Such as ``in 7 days``."""
    ends_now: bool


def describe_span(
    period: Period, local: LocalTime, *, start: str | None, end: str | None, duration: str | None
) -> Span:
    """Put a period into words.

    :param start: the parameter ``from`` that it was resolved from.
    :param end: the parameter ``to``.
    :param duration: the parameter ``period``.
    """
    to_now = end is None and (start is None or duration is None)
    if not (to_now or period.clamped):
        return Span(f"from {local.date(period.start)} to {local.date(period.end)}", ends_now=False)
    if start is not None:
        return Span(f"since {local.date(period.start)}", ends_now=True)
    asked = DEFAULT_DURATION if duration is None else read_duration("period", duration)
    return Span(f"in {in_words(asked)}", ends_now=True)


def in_words(duration: Duration) -> str:
    """Return a duration unit by unit, such as ``1 day 6 hours``; of seconds only whole ones."""
    return " ".join(
        f"{n:,} {unit if n != 1 else unit.removesuffix('s')}"
        for unit, n in duration.items()
        if n and unit != "nanoseconds"
    )

"""The period that a question is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from aggregator.errors import Fault, InvalidInput
from aggregator.history.durations import Duration, move, read_duration
from aggregator.history.instants import EARLIEST, UTC, read_instant, read_zone

DEFAULT_DURATION = Duration("P30D")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Period:
    """The stretch of time ``[start, end)``, of which nothing is in the future."""

    start: int
    end: int
    tz: str
    """The zone whose calendar divides the period: an IANA name."""
    clamped: bool
    """Whether the end asked for was in the future, and is now instead."""


def resolve_period(
    *, start: str | None, end: str | None, period: str | None, tz: str | None, now: int
) -> Period:
    """Return the period that the parameters ``from``, ``to``, ``period`` and ``tz`` ask for.

    None stands for a parameter that is not given: ``to`` is now then, ``period`` 30 days and
    ``tz`` UTC. A ``to`` in the future is now too, before a period is counted back from it.

    :raises InvalidInput: All of ``from``, ``to`` and ``period`` are given; any one cannot be
        read (all that cannot are told); or what they ask for is empty, has not begun, or begins
        before the calendar does.
    """
    faults: list[Fault] = []
    zone = _read(read_zone, "tz", tz, faults) or UTC
    read_local = partial(read_instant, tz=zone)
    from_at = _read(read_local, "from", start, faults)
    to_at = _read(read_local, "to", end, faults)
    duration = _read(read_duration, "period", period, faults)
    if start is not None and end is not None and period is not None:
        detail = "Give at most two of from, to and period."
        faults.append(Fault("parameter", "period", "conflict", detail))
    if faults:
        raise InvalidInput(faults)
    return _resolve(from_at, to_at, duration, zone, now)


def _read(
    reader: Callable[[str, str], T], parameter: str, text: str | None, faults: list[Fault]
) -> T | None:
    """Return what a parameter says; None where it is not given, or has a fault."""
    if text is None:
        return None
    try:
        return reader(parameter, text)
    except InvalidInput as refused:
        faults += refused.faults
        return None


def _resolve(
    start: int | None, end: int | None, duration: Duration | None, tz: str, now: int
) -> Period:
    """Return the period that at most two of the first three ask for."""
    wanted_end = now if end is None else end
    if start is None:
        start = _move(min(wanted_end, now), -(duration or DEFAULT_DURATION), tz)
    elif start >= now:
        raise _refusal("from", "future", "This must be earlier than now.")
    elif duration is not None:
        wanted_end = _move(start, duration, tz)
    period = Period(start, min(wanted_end, now), tz, clamped=wanted_end > now)
    if period.start < period.end:
        return period
    if end is not None and duration is None:
        raise _refusal("from", "empty", "This must be earlier than to.")
    # Less than a millisecond, or a day that the zone's calendar leaves out.
    raise _refusal("period", "empty", "This period holds no time.")


def _move(at: int, duration: Duration, tz: str) -> int:
    try:
        moved = move(at, duration, tz)
    except ValueError:
        moved = None
    if moved is None or moved < EARLIEST:
        raise _refusal("period", "range", "This period leaves the years 2 to 9999.")
    return moved


def _refusal(parameter: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput([Fault("parameter", parameter, code, detail)])

"""Where the buckets of a series begin, found by looking at the wall clock again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

MINUTE = 60_000


def _midnight(local: datetime) -> bool:
    return local.hour == local.minute == 0


#: What the wall clock shows, to the minute, where a bucket begins; shortest interval first.
BEGINS: dict[str, Callable[[datetime], bool]] = {
    "PT1M": lambda local: True,
    "PT5M": lambda local: local.minute % 5 == 0,
    "PT15M": lambda local: local.minute % 15 == 0,
    "PT1H": lambda local: local.minute == 0,
    "PT6H": lambda local: local.minute == 0 and local.hour % 6 == 0,
    "P1D": _midnight,
    "P1W": lambda local: _midnight(local) and local.isoweekday() == 1,
    "P1M": lambda local: _midnight(local) and local.day == 1,
}


def begins(interval: str, tz: str, at: int) -> bool:
    """Tell whether a bucket begins at an instant."""
    local = datetime.fromtimestamp(at // 1000, UTC).astimezone(ZoneInfo(tz))
    return at % MINUTE == 0 and local.second == 0 and BEGINS[interval](local)


def boundaries(interval: str, tz: str, start: int, end: int) -> Iterator[int]:
    """Yield the instants strictly between two others at which a bucket begins.

    Zones are a whole number of quarters of an hour off UTC, as all are nowadays: buckets of
    a quarter or more begin at a quarter of UTC too, which spares most looks at the clock.
    """
    look_every = MINUTE if interval in ("PT1M", "PT5M") else 15 * MINUTE
    first = (start // look_every + 1) * look_every
    return (at for at in range(first, end, look_every) if begins(interval, tz, at))


def fits(interval: str, tz: str, start: int, end: int, *, at_most: int) -> bool:
    """Tell whether an interval gives at most so many buckets."""
    return len(list(islice(boundaries(interval, tz, start, end), at_most))) < at_most


def resolve(interval: str, tz: str, start: int, end: int) -> str:
    """Return the interval meant: for ``auto`` the shortest that gives at most 200 buckets."""
    if interval != "auto":
        return interval
    return next(name for name in BEGINS if fits(name, tz, start, end, at_most=200))


def buckets(interval: str, tz: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return start and end of each bucket of a period, clipped to it."""
    return list(pairwise([start, *boundaries(interval, tz, start, end), end]))

"""Durations: elapsed time, calendar units, or both."""

from __future__ import annotations

import re

from whenever import Instant, ItemizedDelta

from aggregator.errors import Fault, InvalidInput

Duration = ItemizedDelta

_SHORT = re.compile(r"([0-9]+)(m|h|d|w|mo|y)")
_LONG = {"m": "PT{}M", "h": "PT{}H", "d": "P{}D", "w": "P{}W", "mo": "P{}M", "y": "P{}Y"}


def read_duration(parameter: str, text: str) -> Duration:
    """Return the duration that a text names: ISO 8601 (``P1DT6H``) or short (``30m``, ``3mo``).

    Of ISO 8601, weeks go with other units, and only seconds have a fraction, of nine digits at
    most.

    :param parameter: what the text was given for.
    :raises InvalidInput: The text names no duration, none above zero, or one beyond 9999 years.
    """
    try:
        return _parse(text)
    except ValueError:
        detail = (
            "This must be a duration above zero: ISO 8601 such as PT6H, P7D or P1M, "
            "or short such as 30m, 24h, 7d, 4w, 3mo or 1y."
        )
        raise InvalidInput([Fault("parameter", parameter, "format", detail)]) from None


def move(at: int, duration: Duration, tz: str) -> int:
    """Return the instant that lies a duration after another; before it where that is negative.

    The date part goes first, on the calendar and the clock of a zone: a day beyond a month's end
    becomes its last, a local time in a gap moves forward by the gap, and of two instants it is
    the first. The rest is elapsed time.

    :raises ValueError: The result lies beyond the years 1 to 9999.
    """
    date_part, elapsed = duration.date_and_time_parts()
    moment = Instant.from_timestamp(at, unit="millisecond").to_tz(tz)
    if date_part:
        # Moved as a zoned time, a repeated hour would keep the offset that it comes from.
        local = moment.to_plain().add(date_part)
        moment = local.assume_tz(tz, disambiguation="compatible")
    if elapsed:
        moment = moment.add(elapsed)
    return moment.timestamp(unit="millisecond")


def _parse(text: str) -> Duration:
    short = _SHORT.fullmatch(text)
    iso = _LONG[short[2]].format(short[1]) if short else text
    # Small letters are for the short form alone: P1m is a month, 1m is a minute.
    if not iso.startswith("P") or iso != iso.upper():
        raise ValueError(text)
    duration = Duration(iso)
    if not duration:
        raise ValueError(text)
    return duration

"""Instants and time zones, as people write them."""

from __future__ import annotations

import re
from functools import cache

from whenever import Instant, PlainDateTime, available_timezones

from aggregator.errors import Fault, InvalidInput

UTC = "UTC"
#: No period begins earlier. The calendar's first year, 1, is to spare: whatever the zone, the
#: local time of an instant and the start of the bucket around it are dates too.
EARLIEST = Instant.from_utc(2, 1, 1).timestamp(unit="millisecond")

_INSTANT = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[Tt ](?P<minute>\d\d:\d\d)(?::(?P<second>[0-5]\d)(?:\.(?P<fraction>\d+))?)?"
    # URLs write a space as a plus sign, so where the sign should be, a space was one.
    r"(?P<offset>[Zz]|[-+ ]\d\d:\d\d)?)?",
    re.ASCII,
)


def read_instant(parameter: str, text: str, tz: str = UTC) -> int:
    """Return the instant that a text names, cut to whole milliseconds.

    The forms are those of RFC 3339, without leap seconds (``:60``): no clock of ours has one.
    The seconds, the offset, or all of the time may be left out. What has no offset is local
    time; in a gap it moves forward by the gap, and of two instants it is the first.

    :param parameter: what the text was given for.
    :param tz: the zone of a local time.
    :raises InvalidInput: The text names no instant, or one before :data:`EARLIEST`.
    """
    try:
        return _parse(text, tz)
    except ValueError:
        detail = (
            "This must be an RFC 3339 instant such as 2026-03-01T12:00:00+01:00, or a local date "
            "or time such as 2026-03-01 or 2026-03-01T12:00, in the years 2 to 9999."
        )
        raise InvalidInput([Fault("parameter", parameter, "format", detail)]) from None


def read_zone(parameter: str, text: str) -> str:
    """Return the time zone that a text names: the text itself.

    :param parameter: what the text was given for.
    :raises InvalidInput: There is no such zone. Names are case-sensitive.
    """
    if text not in _zones():
        detail = "This must be the IANA name of a time zone, such as Europe/Prague."
        raise InvalidInput([Fault("parameter", parameter, "unknown_zone", detail)])
    return text


def _parse(text: str, tz: str) -> int:
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    date, minute, second, fraction, offset = match.groups()
    local = f"{date}T{minute or '00:00'}:{second or '00'}.{(fraction or '0')[:3]}"
    if offset is None:
        zoned = PlainDateTime(local).assume_tz(tz, disambiguation="compatible")
        at = zoned.timestamp(unit="millisecond")
    else:
        at = Instant(local + offset.replace(" ", "+")).timestamp(unit="millisecond")
    if at < EARLIEST:
        raise ValueError(text)
    return at


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())

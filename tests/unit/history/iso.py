"""Instants by way of the standard library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def ms(written: str, tz: str = "UTC") -> int:
    """Read an instant; one without an offset is local."""
    read = datetime.fromisoformat(written)
    aware = read if read.tzinfo else read.replace(tzinfo=ZoneInfo(tz))
    return (aware - EPOCH) // MILLISECOND


def local_time(at: int, tz: str) -> datetime:
    """Return what the clocks of a zone show."""
    return (EPOCH + at * MILLISECOND).astimezone(ZoneInfo(tz))

"""The one clock of the product."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def utc_now() -> datetime:
    """Return the present instant: aware, UTC, cut to whole milliseconds.

    Milliseconds are what the API shows, so what is stored equals what was shown.
    """
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def to_ms(instant: datetime) -> int:
    """Return the whole milliseconds from 1970 to an instant."""
    return (instant - _EPOCH) // _MILLISECOND


def from_ms(instant: int) -> datetime:
    """Return an instant given in milliseconds since 1970, aware and UTC."""
    return _EPOCH + instant * _MILLISECOND

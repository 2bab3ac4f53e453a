"""The one clock of the product."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the present instant: aware, UTC, cut to whole milliseconds.

    Milliseconds are what the API shows, so what is stored equals what was shown.
    """
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)

"""When a product's turn comes next. Pure: no I/O, no clock."""

from __future__ import annotations

import random
import zlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
LONGEST_BACK_OFF = timedelta(minutes=15)
#: A product that the service refuses for good is offered to it again this seldom.
REJECTED_RETRY = timedelta(hours=6)


def next_phase(product_id: UUID, now: datetime, interval: timedelta) -> datetime:
    """Return the product's next regular poll: its own phase of the interval.

    Phases are spread evenly, so load is too. The result lies between half an interval and
    one and a half from now, so a late poll is not followed by another at once.
    """
    interval_ms = max(interval // _MILLISECOND, 1)
    phase_ms = zlib.crc32(product_id.bytes) % interval_ms
    earliest_ms = (now + interval / 2 - _EPOCH) // _MILLISECOND
    wait_ms = (phase_ms - earliest_ms) % interval_ms
    return _EPOCH + (earliest_ms + wait_ms) * _MILLISECOND


def back_off(failures: int, interval: timedelta) -> timedelta:
    """Return how long to leave a product alone after so many failures in a row (from 1).

    Doubles from one interval up to 15 minutes, less a random part of up to a quarter, so
    that products which failed together do not come back together.
    """
    doubled: timedelta = interval * 2 ** min(failures - 1, 20)
    longest = min(doubled, max(LONGEST_BACK_OFF, interval))
    wait: timedelta = longest * random.uniform(0.75, 1.0)
    return wait


def longest_wait(interval: timedelta) -> timedelta:
    """Return how far ahead a product is due at most, unless its registration was refused."""
    return max(LONGEST_BACK_OFF, 1.5 * interval)


def rejected_retry() -> timedelta:
    """Return how long to leave a refused registration alone."""
    return REJECTED_RETRY * random.uniform(0.75, 1.0)

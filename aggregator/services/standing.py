"""How the catalogue stands with the offers service, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.models import Poller, ProductSync
from aggregator.services.pollers import GONE_AFTER


@dataclass(frozen=True, slots=True)
class Standing:
    """How many products are where, and when somebody last saw to them."""

    products: int
    due: int
    """Products whose time has come and that no poller has taken yet."""
    overdue: int
    """Registered products without a successful poll since ``stale_before``."""
    failing: int
    """Products whose last attempt failed by their own fault."""
    registrations_pending: int
    """Products that the offers service is still to hear of."""
    registrations_refused: int
    """Products that it refuses for good."""
    oldest_checked_at: datetime | None
    """The oldest last poll, or registration before the first, of registered products that do
    not fail by themselves; None where there are none."""
    pollers: int
    """Pollers that run."""
    poller_seen_at: datetime | None
    """When the work of any poller last got on; None where none was seen for a day, or the last
    one was ended."""


def find_standing(session: Session, *, now: datetime, stale_before: datetime) -> Standing:
    """Return how things stand: all products in one reading of their narrow rows."""
    sync = ProductSync
    pending = sync.registered_at.is_(None)
    checked_at = func.coalesce(sync.checked_at, sync.registered_at)
    counts = [
        func.count().filter(condition)
        for condition in (
            sync.due_at <= now,
            ~pending & (checked_at < stale_before),
            sync.failures > 0,
            pending & sync.registration_error.is_(None),
            pending & sync.registration_error.is_not(None),
        )
    ]
    oldest = func.min(checked_at).filter(~pending, sync.failures == 0)
    products: Sequence[Any] = session.execute(
        select(func.count(), *counts, oldest).select_from(sync)
    ).one()
    running = func.count().filter(Poller.seen_at >= now - GONE_AFTER)
    pollers: Sequence[Any] = session.execute(select(running, func.max(Poller.seen_at))).one()
    return Standing(*[*products, *pollers])

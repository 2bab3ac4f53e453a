"""What pollers have under way, or had when they died."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, create_engine, select, update

from aggregator.clock import utc_now
from aggregator.db import reading
from aggregator.models import PriceSeal, ProductSync

#: What is claimed: products to poll, or products whose history is to be sealed.
Claimable = type[PriceSeal] | type[ProductSync]


def wait_for_claims(
    engine: Engine, kind: Claimable, behind: timedelta, *, timeout_s: float
) -> None:
    """Wait until a poller whose clock is behind has claimed products, but not for ever."""
    give_up_at = time.monotonic() + timeout_s
    while not has_claims(engine, kind, behind) and time.monotonic() < give_up_at:
        time.sleep(0.002)


def has_claims(engine: Engine, kind: Claimable, behind: timedelta) -> bool:
    """Tell whether a poller whose clock is behind has products under way, or died with some."""
    with reading(engine) as session:
        later = select(kind.due_at).where(kind.due_at > utc_now() - behind)
        # All instants but the ends of leases are whole milliseconds.
        return any(due_at.microsecond % 1000 for due_at in session.scalars(later))


def make_all_due(database_url: str) -> None:
    """Do what the end of all leases would do, by any clock."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(update(ProductSync).values(due_at=datetime(2020, 1, 1, tzinfo=UTC)))
    engine.dispose()

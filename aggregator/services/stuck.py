"""Products that are due later than anybody would set it now: a clock was turned back."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from aggregator.models import ProductSync
from aggregator.recordset import recordset
from aggregator.services.claims import LEASE, is_due_at
from aggregator.services.due import REJECTED_RETRY, longest_wait, next_phase
from aggregator.services.turns import Turn, take_turn

#: Hosts' clocks may differ by as much.
_SKEW = timedelta(minutes=1)


def rescue_stuck(session: Session, *, now: datetime, interval: timedelta, limit: int) -> int:
    """Bring products that are due too late back to their phase, latest first; return how many.

    So are those that were due by a longer interval. Whoever waits because the offers service
    said so, or failed, goes on waiting.

    :param interval: how often a product is polled.
    :param limit: the most to bring back.
    """
    take_turn(session, Turn.CLAIMS)
    soon, latest = now + _longest_usual_wait(interval), now + longest_wait(interval)
    much_later = max(latest, now + REJECTED_RETRY)
    latest_of_it = case(
        (ProductSync.registration_error.is_not(None), much_later + _SKEW),
        (ProductSync.last_error.is_not(None), latest + _SKEW),
        else_=soon + _SKEW,
    )
    query = (
        select(ProductSync.product_id, ProductSync.due_at)
        # The index finds by the earliest of them.
        .where(ProductSync.due_at > soon + _SKEW, ProductSync.due_at > latest_of_it)
        .order_by(ProductSync.due_at.desc())
        .limit(limit)
    )
    rows = [
        (stuck.product_id, stuck.due_at, next_phase(stuck.product_id, now, interval))
        for stuck in session.execute(query)
    ]
    if not rows:
        return 0
    columns = ProductSync.__table__.c
    instant = columns.due_at.type
    types = {"product_id": columns.product_id.type, "due_at": instant, "new_due_at": instant}
    new = recordset(session, types, rows, name="new")
    rescued = session.scalars(
        update(ProductSync)
        .where(ProductSync.product_id == new.c.product_id, is_due_at(new.c.due_at))
        .values(due_at=new.c.new_due_at)
        .returning(ProductSync.product_id)
        .execution_options(synchronize_session=False)
    )
    return len(rescued.all())


def _longest_usual_wait(interval: timedelta) -> timedelta:
    """Return how far ahead a product is due at most with which nothing is wrong."""
    return max(1.5 * interval, LEASE)

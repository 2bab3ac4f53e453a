"""Whose history is to be sealed next, and by whom."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from aggregator.models import PriceSeal
from aggregator.services.claims import lease_end
from aggregator.services.turns import Turn, take_turn

HOUR = timedelta(hours=1)
#: An hour is over for good when the first poll after it is stored; that is soon enough.
_SETTLING = timedelta(minutes=2)
#: Seals are spread over this much of the hour, and their load with them.
_SPREAD_S = 900
#: How long to leave a product alone that has nothing to seal: it is polled no more.
_IDLE = timedelta(minutes=30)


def claim_seals(session: Session, *, now: datetime, limit: int) -> tuple[list[UUID], datetime]:
    """Claim products whose history may have hours to seal; return them and the lease's end."""
    take_turn(session, Turn.SEALS)
    overdue = (
        select(PriceSeal.product_id)
        .where(PriceSeal.due_at <= now)
        .order_by(PriceSeal.due_at)
        .limit(limit)
    )
    end = lease_end(now)
    claimed = session.scalars(
        update(PriceSeal)
        .where(PriceSeal.product_id.in_(overdue), PriceSeal.due_at <= now)
        .values(due_at=end)
        .returning(PriceSeal.product_id)
        .execution_options(synchronize_session=False)
    )
    return sorted(claimed), end


def hold_seals(session: Session, product_ids: Sequence[UUID], lease: datetime) -> list[UUID]:
    """Lock the seals of those products that are still claimed until ``lease``; return these.

    Must be the first statement of a transaction: who deletes a product locks its seal before
    its own row as well.
    """
    held = session.scalars(
        update(PriceSeal)
        .where(PriceSeal.product_id.in_(product_ids), PriceSeal.due_at == lease)
        .values(due_at=PriceSeal.due_at)
        .returning(PriceSeal.product_id)
        .execution_options(synchronize_session=False)
    )
    return sorted(held)


def next_seal(product_id: UUID, sealed_until: datetime, now: datetime) -> datetime:
    """Return when the hour after the sealed ones should be over, and when to look for it."""
    spread = timedelta(seconds=zlib.crc32(product_id.bytes) % _SPREAD_S)
    expected = sealed_until + HOUR + _SETTLING + spread
    return expected if expected > now else now + _IDLE

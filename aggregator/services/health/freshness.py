"""How fresh the catalogue is, and what keeps it from being fresh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from aggregator.models import ProductSync


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh the catalogue is."""

    n_products: int
    n_stale: int
    """Those last polled too long ago, or never. Who is refused for good is not among them."""
    oldest_checked_at: datetime | None
    """UTC time of the successful poll that lies back furthest; None where there was none."""


class Commonest(NamedTuple):
    """An error, and how many products have it."""

    error: str
    n: int


def read_freshness(session: Session, *, stale_before: datetime) -> Freshness:
    """Return how fresh the catalogue is, in one look at all products."""
    sync = ProductSync
    stale = and_(
        or_(sync.checked_at.is_(None), sync.checked_at < stale_before),
        sync.registration_error.is_(None),
    )
    query = select(func.count(), func.count().filter(stale), func.min(sync.checked_at)).select_from(
        sync
    )
    return Freshness(*session.execute(query).one())


def count_late(session: Session, *, due_before: datetime) -> int:
    """Return how many products have been due for longer than pollers may need."""
    query = select(func.count()).select_from(ProductSync).where(ProductSync.due_at < due_before)
    return session.scalars(query).one()


def find_commonest(session: Session, column: InstrumentedAttribute[str | None]) -> Commonest | None:
    """Return the error that most products have; None where none has any."""
    row = session.execute(
        select(column, func.count())
        .where(column.is_not(None))
        .group_by(column)
        .order_by(func.count().desc(), column)
        .limit(1)
    ).first()
    return Commonest(str(row[0]), row[1]) if row else None

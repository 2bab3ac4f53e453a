"""How fresh the catalogue is, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
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


@dataclass(frozen=True, slots=True)
class Backlog:
    """What pollers have before them."""

    n_due: int
    n_overdue: int
    """Those due for longer than pollers may need."""
    n_failing: int
    """Those whose last attempt failed by their own fault."""
    n_unregistered: int
    """Those that wait for their registration. Who is refused for good is not among them."""
    n_refused: int
    """Those whose registration the offers service refuses for good."""


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
    query = select(func.count(), _count(stale), func.min(sync.checked_at)).select_from(sync)
    return Freshness(*session.execute(query).one())


def read_backlog(session: Session, *, now: datetime, overdue_before: datetime) -> Backlog:
    """Return what pollers have before them."""
    sync = ProductSync
    refused = sync.registration_error.is_not(None)
    query = select(
        _count(sync.due_at <= now),
        _count(sync.due_at < overdue_before),
        _count(sync.failures > 0),
        _count(and_(sync.registered_at.is_(None), ~refused)),
        _count(refused),
    )
    return Backlog(*session.execute(query).one())


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


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)

"""How the catalogue stands with the offers service, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from aggregator.models import Poller, ProductSync
from aggregator.services.pollers import GONE_AFTER


@dataclass(frozen=True, slots=True)
class Standing:
    """How many products are where, and when somebody last saw to them."""

    products: int
    fresh: int
    """Products with a successful poll since ``stale_before``."""
    never_polled: int
    """Products without any successful poll."""
    due: int
    """Products whose time has come and that no poller has taken yet."""
    due_since: datetime | None
    """Since when the one of them has been due that has been for longest; None where none is."""
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
    newest_checked_at: datetime | None
    """The last successful poll of any product."""
    pollers: int
    """Pollers that run."""
    poller_seen_at: datetime | None
    """When the work of any poller last got on; None where none was seen for a day, or the last
    one was ended."""


class Commonest(NamedTuple):
    """An error, and how many products have it."""

    error: str
    n: int


def find_standing(session: Session, *, now: datetime, stale_before: datetime) -> Standing:
    """Return how things stand: all products in one reading of their narrow rows."""
    sync = ProductSync
    pending, refused = sync.registered_at.is_(None), sync.registration_error.is_not(None)
    checked_at = func.coalesce(sync.checked_at, sync.registered_at)
    of_products = select(
        func.count().label("products"),
        _count(sync.checked_at >= stale_before).label("fresh"),
        _count(sync.checked_at.is_(None)).label("never_polled"),
        _count(sync.due_at <= now).label("due"),
        func.min(sync.due_at).filter(sync.due_at <= now).label("due_since"),
        _count(~pending & (checked_at < stale_before)).label("overdue"),
        _count(sync.failures > 0).label("failing"),
        _count(pending & ~refused).label("registrations_pending"),
        _count(pending & refused).label("registrations_refused"),
        func.min(checked_at).filter(~pending, sync.failures == 0).label("oldest_checked_at"),
        func.max(sync.checked_at).label("newest_checked_at"),
    ).select_from(sync)
    of_pollers = select(
        _count(Poller.seen_at >= now - GONE_AFTER).label("pollers"),
        func.max(Poller.seen_at).label("poller_seen_at"),
    )
    products, pollers = session.execute(of_products).one(), session.execute(of_pollers).one()
    return Standing(**products._mapping, **pollers._mapping)


def find_commonest(
    session: Session, column: InstrumentedAttribute[str | None], *, limit: int = 1
) -> list[Commonest]:
    """Return the errors that most products have, the commonest first."""
    rows = session.execute(
        select(column, func.count())
        .where(column.is_not(None))
        .group_by(column)
        .order_by(func.count().desc(), column)
        .limit(limit)
    )
    return [Commonest(str(error), n) for error, n in rows]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)

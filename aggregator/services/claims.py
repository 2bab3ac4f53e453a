"""Claims: the right of one process to work on a product until its lease ends."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session

from aggregator.models import Product, ProductSync

#: Long enough for a batch of which every answer is late; a poller that dies is made up for
#: after this long.
LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Claim:
    """A product that is ours until ``lease_end``, unless somebody claims it by force.

    ``lease_end`` is the fence: results are stored only while ``due_at`` is still that.
    """

    product_id: UUID
    lease_end: datetime
    failures: int
    registration: Registration | None
    """What to register it with; None where it is registered."""


@dataclass(frozen=True, slots=True)
class Registration:
    """The text that the offers service knows a product by."""

    name: str
    description: str


def lease_end(now: datetime) -> datetime:
    """Return the end of a lease that begins now.

    The microseconds are random: two leases given in the same millisecond still differ.
    """
    return now + LEASE + timedelta(microseconds=random.randrange(1000))


def claim_due(session: Session, *, now: datetime, limit: int) -> list[Claim]:
    """Claim products whose time has come, most overdue first, at most ``limit``.

    May give fewer where another poller was faster: ask again. One plain UPDATE, because
    ``FOR UPDATE SKIP LOCKED`` does not run on a distributed table.
    """
    overdue = _most_overdue(ProductSync.product_id, now=now, limit=limit)
    still_due = ProductSync.due_at <= now
    return _claim(session, now, ProductSync.product_id.in_(overdue), still_due)


def find_due(session: Session, *, now: datetime, limit: int) -> dict[UUID, datetime]:
    """Return since when those products have been due that would be claimed now."""
    query = _most_overdue(ProductSync.product_id, ProductSync.due_at, now=now, limit=limit)
    return {row.product_id: row.due_at for row in session.execute(query)}


def claim_product(session: Session, product_id: UUID, *, now: datetime) -> Claim | None:
    """Claim a product by force, due or not; None where there is none.

    One at a time: who locks several in an order of his own would wait in a circle with a
    poller that stores.
    """
    claimed = _claim(session, now, ProductSync.product_id == product_id)
    return claimed[0] if claimed else None


def _most_overdue(*columns: Any, now: datetime, limit: int) -> Select[Any]:
    due = select(*columns).where(ProductSync.due_at <= now)
    return due.order_by(ProductSync.due_at).limit(limit)


def _claim(session: Session, now: datetime, *conditions: ColumnElement[bool]) -> list[Claim]:
    end = lease_end(now)
    rows = session.execute(
        update(ProductSync)
        .where(*conditions)
        .values(due_at=end)
        .returning(ProductSync.product_id, ProductSync.failures, ProductSync.registered_at)
        .execution_options(synchronize_session=False)
    ).all()
    unregistered = [row.product_id for row in rows if row.registered_at is None]
    texts = _registrations(session, unregistered) if unregistered else {}
    return [Claim(row.product_id, end, row.failures, texts.get(row.product_id)) for row in rows]


def _registrations(session: Session, product_ids: Sequence[UUID]) -> dict[UUID, Registration]:
    query = select(Product.id, Product.name, Product.description).where(Product.id.in_(product_ids))
    return {row.id: Registration(row.name, row.description) for row in session.execute(query)}

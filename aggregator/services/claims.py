"""Claims: the right of one process to work on a product until its lease ends."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from aggregator.models import Product, ProductSync
from aggregator.recordset import recordset
from aggregator.services.turns import Turn, take_turn

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
    due_at: datetime | None = None
    """Since when it was due; None where it was claimed by force."""

    @property
    def lag_s(self) -> float:
        """For how many seconds it had been due; 0 where it was claimed by force."""
        if self.due_at is None:
            return 0.0
        return (self.lease_end - LEASE - self.due_at).total_seconds()

    @property
    def n_requests(self) -> int:
        """How many requests an attempt at it takes."""
        return 2 if self.registration else 1


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


def is_due_at(instant: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition that a product, found by its id, is due at that very instant.

    It is not ``=``, because no index serves it: a plan that looked for each of many products by
    an instant that they have in common would read all of them for each.
    """
    return ProductSync.due_at.is_not_distinct_from(instant)


def claim_due(
    session: Session, *, now: datetime, limit: int, but_not: Collection[UUID] = ()
) -> list[Claim]:
    """Claim products whose time has come, at most ``limit``, most overdue first.

    Claimants take turns, so that none waits for another with rows in its hands, and each
    gets other products.

    :param but_not: what the claimant has under way. Its leases are over where a clock was set,
        and to take the products from itself would be to lose their answers.
    """
    take_turn(session, Turn.CLAIMS)
    due = {id_: at for id_, at in _find_due(session, now, limit).items() if id_ not in but_not}
    if not due:
        return []
    columns = ProductSync.__table__.c
    types = {"product_id": columns.product_id.type, "due_at": columns.due_at.type}
    found = recordset(session, types, list(due.items()), name="found").c
    # Plain, because `FOR UPDATE SKIP LOCKED` does not run on a distributed table.
    claimed = _claim(
        session, now, ProductSync.product_id == found.product_id, is_due_at(found.due_at)
    )
    claims = {claim.product_id: claim for claim in claimed}
    return [replace(claims[id_], due_at=due_at) for id_, due_at in due.items() if id_ in claims]


def claim_product(session: Session, product_id: UUID, *, now: datetime) -> Claim | None:
    """Claim a product by force, due or not; None where there is none.

    One at a time: who locks several in an order of his own would wait in a circle with a
    poller that stores.
    """
    claimed = _claim(session, now, ProductSync.product_id == product_id)
    return claimed[0] if claimed else None


def _find_due(session: Session, now: datetime, limit: int) -> dict[UUID, datetime]:
    """Return since when those products have been due that have been for longest."""
    query = select(ProductSync.product_id, ProductSync.due_at).where(ProductSync.due_at <= now)
    rows = session.execute(query.order_by(ProductSync.due_at).limit(limit))
    return {row.product_id: row.due_at for row in rows}


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

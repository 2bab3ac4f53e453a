"""Storing what attempts brought: a few set-wise statements for many products."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, insert, null, select, update
from sqlalchemy.orm import Session

from aggregator.models import Offer, PollGap, PricePoint, ProductSync
from aggregator.offers_wire import RemoteOffer
from aggregator.recordset import dialect_insert, recordset
from aggregator.services.claims import Claim
from aggregator.services.polls import Outcome
from aggregator.services.reconcile import Changes, reconcile
from aggregator.services.settle import SyncState, settle

_STATE = tuple(field.name for field in fields(SyncState))


@dataclass(frozen=True, slots=True)
class Stored:
    """What was written, in numbers."""

    polled: int
    """Products of which a new snapshot is stored."""
    points: int
    """Changes of offers."""
    lost: frozenset[UUID]
    """Products not written, because they were deleted or somebody else has them."""


@dataclass(frozen=True, slots=True)
class _Settled:
    """One product's new state, decided but not yet written."""

    claim: Claim
    before: SyncState
    after: SyncState
    changes: Changes | None


@dataclass(frozen=True, slots=True)
class _Observation:
    """What a successful poll saw, as history will tell it."""

    product_id: UUID
    at: datetime
    previous_at: datetime | None
    changes: Changes


def store_outcomes(
    session: Session,
    outcomes: Sequence[Outcome],
    *,
    now: datetime,
    interval: timedelta,
    stale_after: timedelta,
) -> Stored:
    """Write what attempts brought, for all products in one transaction.

    A product whose lease is no longer the claim's is left alone: somebody else has it, or it
    was deleted. Offers and points are written in the order of their keys, so that two
    processes never wait for each other in a circle.
    """
    settled = _decide(session, outcomes, now, interval)
    ours = _write_states(session, settled)
    observed = [
        _Observation(s.claim.product_id, s.after.checked_at, s.before.checked_at, s.changes)
        for s in settled
        if s.claim.product_id in ours and s.changes and s.after.checked_at
    ]
    points = _write_offers(session, observed)
    _write_gaps(session, observed, stale_after)
    lost = frozenset(outcome.claim.product_id for outcome in outcomes) - ours
    return Stored(polled=len(observed), points=points, lost=lost)


def _decide(
    session: Session, outcomes: Sequence[Outcome], now: datetime, interval: timedelta
) -> list[_Settled]:
    """Decide each product's new state, sorted by product."""
    states = _find_states(session, [o.claim.product_id for o in outcomes])
    stored = _find_listed(session, [o.claim.product_id for o in outcomes if o.snapshot])
    settled = []
    for outcome in sorted(outcomes, key=lambda o: o.claim.product_id):
        product_id = outcome.claim.product_id
        if (before := states.get(product_id)) is None:
            continue
        changes = reconcile(stored[product_id], outcome.snapshot) if outcome.snapshot else None
        after = settle(before, outcome, changes, now=now, interval=interval)
        settled.append(_Settled(outcome.claim, before, after, changes))
    return settled


def _find_states(session: Session, product_ids: Sequence[UUID]) -> dict[UUID, SyncState]:
    columns = [getattr(ProductSync, name) for name in _STATE]
    query = select(ProductSync.product_id, *columns).where(ProductSync.product_id.in_(product_ids))
    return {row[0]: SyncState(*row[1:]) for row in session.execute(query)}


def _find_listed(
    session: Session, product_ids: Sequence[UUID]
) -> Mapping[UUID, dict[UUID, RemoteOffer]]:
    query = select(Offer.product_id, Offer.id, Offer.price, Offer.items_in_stock).where(
        Offer.product_id.in_(product_ids), Offer.ended_at.is_(None)
    )
    listed: defaultdict[UUID, dict[UUID, RemoteOffer]] = defaultdict(dict)
    for product_id, offer_id, price, items_in_stock in session.execute(query):
        listed[product_id][offer_id] = RemoteOffer(offer_id, price, items_in_stock)
    return listed


def _write_states(session: Session, settled: Sequence[_Settled]) -> set[UUID]:
    """Write the new states of those products whose lease is still the claim's; tell which."""
    table = ProductSync.__table__
    columns = {"product_id": table.c.product_id.type, "lease_end": table.c.due_at.type}
    columns |= {f"new_{name}": table.c[name].type for name in _STATE}
    rows = [(s.claim.product_id, s.claim.lease_end, *astuple(s.after)) for s in settled]
    new = recordset(session, columns, rows, name="new")
    fence = ProductSync.due_at == new.c.lease_end
    written = session.execute(
        update(ProductSync)
        .where(ProductSync.product_id == new.c.product_id, fence)
        .values({name: new.c[f"new_{name}"] for name in _STATE})
        .returning(ProductSync.product_id)
        .execution_options(synchronize_session=False)
    )
    return set(written.scalars())


def _write_offers(session: Session, observed: Sequence[_Observation]) -> int:
    """Write what changed, as the present state and as history; return how many changes."""
    present = [
        (seen.product_id, offer.id, seen.at, offer.price, offer.items_in_stock)
        for seen in observed
        for offer in (*seen.changes.listed, *seen.changes.changed)
    ]
    ended = [
        (seen.product_id, offer_id, seen.at, None, None)
        for seen in observed
        for offer_id in seen.changes.ended
    ]
    if present:
        _upsert_offers(session, sorted(present))
    if ended:
        _end_offers(session, ended)
    if points := sorted([*present, *ended], key=lambda point: point[:2]):
        new = _points(session, points)
        session.execute(insert(PricePoint).from_select(list(new.c.keys()), select(new)))
    return len(points)


def _points(session: Session, rows: Sequence[tuple[Any, ...]]) -> FromClause:
    """Return changes of offers as something to select from, named like ``price_points``."""
    columns = PricePoint.__table__.c
    names = ("product_id", "offer_id", "observed_at", "price", "items_in_stock")
    return recordset(session, {name: columns[name].type for name in names}, rows, name="point")


def _upsert_offers(session: Session, rows: Sequence[tuple[Any, ...]]) -> None:
    new = _points(session, rows)
    at = new.c.observed_at
    values = select(new.c.product_id, new.c.offer_id, new.c.price, new.c.items_in_stock, at, at)
    names = ["product_id", "id", "price", "items_in_stock", "first_seen_at", "changed_at"]
    # Without a WHERE, SQLite reads the ON of the ON CONFLICT as a join's.
    statement = dialect_insert(session, Offer).from_select(names, values.where(at.is_not(None)))
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Offer.product_id, Offer.id],
            set_={
                "price": statement.excluded.price,
                "items_in_stock": statement.excluded.items_in_stock,
                "changed_at": statement.excluded.changed_at,
                "ended_at": null(),
            },
        )
    )


def _end_offers(session: Session, rows: Sequence[tuple[Any, ...]]) -> None:
    gone = _points(session, rows)
    session.execute(
        update(Offer)
        .where(Offer.product_id == gone.c.product_id, Offer.id == gone.c.offer_id)
        .values(ended_at=gone.c.observed_at)
        .execution_options(synchronize_session=False)
    )


def _write_gaps(session: Session, observed: Sequence[_Observation], stale_after: timedelta) -> None:
    """Write down how long we knew nothing, where a poll came later than ``stale_after``."""
    session.add_all(
        PollGap(
            product_id=seen.product_id,
            started_at=seen.previous_at + stale_after,
            last_poll_at=seen.previous_at,
            ended_at=seen.at,
        )
        for seen in observed
        if seen.previous_at and seen.at > seen.previous_at + stale_after
    )
    session.flush()

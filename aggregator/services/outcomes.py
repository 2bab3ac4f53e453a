"""Storing what attempts brought: a few set-wise statements for many products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import cast
from uuid import UUID

import msgspec
from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from aggregator.models import Offer, ProductSync
from aggregator.offers_wire import RemoteOffer
from aggregator.recordset import is_among, json_list, recordset
from aggregator.services.claims import LEASE, Claim, is_due_at
from aggregator.services.observations import Observation, write_observations
from aggregator.services.polls import Outcome
from aggregator.services.price_marks import Transition, write_price_marks
from aggregator.services.reconcile import Changes, reconcile
from aggregator.services.settle import SyncState, settle
from aggregator.services.turns import Turn, take_turn

_STATE = tuple(field.name for field in fields(SyncState))
# `astuple` would copy every value, at a quarter of all that storing costs.
_values = attrgetter(*_STATE)
#: Hosts' clocks differ by less, and storing waits for less.
_NEARLY_OVER = timedelta(seconds=10)
_SYNC = cast(Table, ProductSync.__table__)
#: Of one product whose lease is still the claim's.
_WRITE_STATE = (
    update(_SYNC)
    .where(
        _SYNC.c.product_id == bindparam("claimed"),
        _SYNC.c.due_at.is_not_distinct_from(bindparam("lease_end", type_=_SYNC.c.due_at.type)),
    )
    .values({name: bindparam(f"new_{name}") for name in _STATE})
)
_offers = msgspec.json.Decoder(list[RemoteOffer])


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
    listed: Mapping[UUID, RemoteOffer]
    """The offers listed before."""
    changes: Changes | None


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
    if not all(_NEARLY_OVER < o.claim.lease_end - now < LEASE + _NEARLY_OVER for o in outcomes):
        # Who claims or rescues products may be about to lock the same rows.
        take_turn(session, Turn.CLAIMS)
    settled = _decide(session, outcomes, now, interval)
    ours = _write_states(session, settled)
    transitions = [
        Transition(
            Observation(s.claim.product_id, s.after.checked_at, s.before.checked_at, s.changes),
            s.listed,
        )
        for s in settled
        if s.claim.product_id in ours and s.changes and s.after.checked_at
    ]
    observed = [transition.seen for transition in transitions]
    points = write_observations(session, observed, stale_after=stale_after)
    write_price_marks(session, transitions)
    lost = frozenset(outcome.claim.product_id for outcome in outcomes) - ours
    return Stored(polled=len(observed), points=points, lost=lost)


def store_registration(
    session: Session, outcome: Outcome, *, now: datetime, interval: timedelta
) -> None:
    """Write what the attempt to register a product brought that was created with its claim.

    As long as the lease is the claim's, nobody has touched the product's state since: it need
    not be read.
    """
    claim = outcome.claim
    new = SyncState(due_at=claim.lease_end)
    after = settle(new, outcome, None, now=now, interval=interval)
    state = {f"new_{name}": value for name, value in zip(_STATE, _values(after), strict=True)}
    session.execute(
        _WRITE_STATE, {"claimed": claim.product_id, "lease_end": claim.lease_end, **state}
    )


def _decide(
    session: Session, outcomes: Sequence[Outcome], now: datetime, interval: timedelta
) -> list[_Settled]:
    """Decide each product's new state, sorted by product."""
    states = _find_states(session, [o.claim.product_id for o in outcomes])
    stored = _find_listed(session, [o.claim.product_id for o in outcomes if o.snapshot])
    settled = []
    for outcome in sorted(outcomes, key=lambda o: o.claim.product_id.int):
        product_id = outcome.claim.product_id
        if (before := states.get(product_id)) is None:
            continue
        listed = stored.get(product_id, {})
        changes = reconcile(listed, outcome.snapshot) if outcome.snapshot else None
        after = settle(before, outcome, changes, now=now, interval=interval)
        settled.append(_Settled(outcome.claim, before, after, listed, changes))
    return settled


def _find_states(session: Session, product_ids: Sequence[UUID]) -> dict[UUID, SyncState]:
    columns = [getattr(ProductSync, name) for name in _STATE]
    query = select(ProductSync.product_id, *columns).where(
        is_among(session, ProductSync.product_id, product_ids)
    )
    return {row[0]: SyncState(*row[1:]) for row in session.execute(query)}


def _find_listed(
    session: Session, product_ids: Sequence[UUID]
) -> Mapping[UUID, dict[UUID, RemoteOffer]]:
    """Return the offers listed of each product that has some, by id."""
    # One text a product is read ten times as fast as a row an offer.
    query = (
        select(Offer.product_id, json_list(session, Offer.id, Offer.price, Offer.items_in_stock))
        .where(is_among(session, Offer.product_id, product_ids), Offer.ended_at.is_(None))
        .group_by(Offer.product_id)
    )
    return {
        product_id: {offer.id: offer for offer in _offers.decode(text)}
        for product_id, text in session.execute(query)
    }


def _write_states(session: Session, settled: Sequence[_Settled]) -> set[UUID]:
    """Write the new states of those products whose lease is still the claim's; tell which."""
    table = ProductSync.__table__
    columns = {"product_id": table.c.product_id.type, "lease_end": table.c.due_at.type}
    columns |= {f"new_{name}": table.c[name].type for name in _STATE}
    rows = [(s.claim.product_id, s.claim.lease_end, *_values(s.after)) for s in settled]
    new = recordset(session, columns, rows, name="new")
    written = session.execute(
        update(ProductSync)
        .where(ProductSync.product_id == new.c.product_id, is_due_at(new.c.lease_end))
        .values({name: new.c[f"new_{name}"] for name in _STATE})
        .returning(ProductSync.product_id)
        .execution_options(synchronize_session=False)
    )
    return set(written.scalars())

"""Writing what successful polls saw: the present state, and what history is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, insert, null, select, update
from sqlalchemy.orm import Session

from aggregator.models import Offer, Poll, PollGap, PricePoint, PriceSeal
from aggregator.recordset import dialect_insert, recordset
from aggregator.services.reconcile import Changes


@dataclass(frozen=True, slots=True)
class Observation:
    """What a successful poll saw."""

    product_id: UUID
    at: datetime
    previous_at: datetime | None
    """The successful poll before it; None where it is the first."""
    changes: Changes


def write_observations(
    session: Session, observed: Sequence[Observation], *, stale_after: timedelta
) -> int:
    """Write what polls saw, at most one of each product; return how many changes that were.

    Rows are written in the order of their keys, so that two processes never wait for each
    other in a circle.
    """
    changes = _changes(observed)
    if changes:
        points = _points(session, changes)
        _write_offers(session, points, observed)
        _write_points(session, points)
    _write_polls(session, observed, stale_after)
    return len(changes)


def write_offers(session: Session, observed: Sequence[Observation]) -> None:
    """Write what changed as the present state, at most one observation of each product."""
    if changes := _changes(observed):
        _write_offers(session, _points(session, changes), observed)


def write_history(
    session: Session, observed: Sequence[Observation], *, stale_after: timedelta
) -> None:
    """Write what polls saw as history, any number of them of each product."""
    if changes := _changes(observed):
        _write_points(session, _points(session, changes))
    _write_polls(session, observed, stale_after)


def _changes(observed: Sequence[Observation]) -> list[tuple[Any, ...]]:
    """Return the changes as rows of ``price_points``, in the order of the offers' keys."""
    present = [
        (seen.product_id, seen.at, offer.id, offer.price, offer.items_in_stock)
        for seen in observed
        for offer in (*seen.changes.listed, *seen.changes.changed)
    ]
    ended = [
        (seen.product_id, seen.at, offer_id, None, None)
        for seen in observed
        for offer_id in seen.changes.ended
    ]
    # A UUID compares in Python; its number at once.
    return sorted([*present, *ended], key=lambda row: (row[0].int, row[2].int, row[1]))


def _points(session: Session, changes: Sequence[tuple[Any, ...]]) -> FromClause:
    columns = PricePoint.__table__.c
    names = ("product_id", "observed_at", "offer_id", "price", "items_in_stock")
    return recordset(session, {name: columns[name].type for name in names}, changes, name="point")


def _write_offers(session: Session, points: FromClause, observed: Sequence[Observation]) -> None:
    if any(seen.changes.listed or seen.changes.changed for seen in observed):
        _upsert_offers(session, points)
    if any(seen.changes.ended for seen in observed):
        _end_offers(session, points)


def _write_points(session: Session, points: FromClause) -> None:
    session.execute(insert(PricePoint).from_select(list(points.c.keys()), select(points)))


def _upsert_offers(session: Session, points: FromClause) -> None:
    point = points.c
    at = point.observed_at
    values = select(point.product_id, point.offer_id, point.price, point.items_in_stock, at, at)
    names = ["product_id", "id", "price", "items_in_stock", "first_seen_at", "changed_at"]
    present = values.where(point.price.is_not(None))
    statement = dialect_insert(session, Offer).from_select(names, present)
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


def _end_offers(session: Session, points: FromClause) -> None:
    point = points.c
    session.execute(
        update(Offer)
        .where(
            Offer.product_id == point.product_id,
            Offer.id == point.offer_id,
            point.price.is_(None),
        )
        .values(ended_at=point.observed_at)
        .execution_options(synchronize_session=False)
    )


def _write_polls(session: Session, observed: Sequence[Observation], stale_after: timedelta) -> None:
    """Write when was polled, and what follows from that alone."""
    _insert_polls(session, observed)
    _write_gaps(session, observed, stale_after)
    _begin_seals(session, observed)


def _insert_polls(session: Session, observed: Sequence[Observation]) -> None:
    if not observed:
        return
    columns = Poll.__table__.c
    new = recordset(
        session,
        {"product_id": columns.product_id.type, "observed_at": columns.observed_at.type},
        [(seen.product_id, seen.at) for seen in observed],
        name="poll",
    )
    session.execute(insert(Poll).from_select(list(new.c.keys()), select(new)))


def _write_gaps(session: Session, observed: Sequence[Observation], stale_after: timedelta) -> None:
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


def _begin_seals(session: Session, observed: Sequence[Observation]) -> None:
    """Begin to seal the products that were polled for the first time."""
    for seen in observed:
        if seen.previous_at is None:
            hour = seen.at.replace(minute=0, second=0, microsecond=0)
            session.add(
                PriceSeal(
                    product_id=seen.product_id, due_at=hour, sealed_until=hour, detail_from=hour
                )
            )
    session.flush()

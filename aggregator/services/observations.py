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
    write_offers(session, observed)
    return write_history(session, observed, stale_after=stale_after)


def write_offers(session: Session, observed: Sequence[Observation]) -> None:
    """Write what changed as the present state, at most one observation of each product."""
    if present := _present(observed):
        _upsert_offers(session, sorted(present))
    if ended := _ended(observed):
        _end_offers(session, ended)


def write_history(
    session: Session, observed: Sequence[Observation], *, stale_after: timedelta
) -> int:
    """Write what polls saw as history; return how many changes that were."""
    points = sorted([*_present(observed), *_ended(observed)], key=lambda point: point[:3])
    if points:
        new = _points(session, points)
        session.execute(insert(PricePoint).from_select(list(new.c.keys()), select(new)))
    _write_polls(session, observed)
    _write_gaps(session, observed, stale_after)
    _begin_seals(session, observed)
    return len(points)


def _present(observed: Sequence[Observation]) -> list[tuple[Any, ...]]:
    """Return the changes after which an offer is listed."""
    return [
        (seen.product_id, offer.id, seen.at, offer.price, offer.items_in_stock)
        for seen in observed
        for offer in (*seen.changes.listed, *seen.changes.changed)
    ]


def _ended(observed: Sequence[Observation]) -> list[tuple[Any, ...]]:
    """Return the changes after which an offer is listed no more."""
    return [
        (seen.product_id, offer_id, seen.at, None, None)
        for seen in observed
        for offer_id in seen.changes.ended
    ]


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


def _write_polls(session: Session, observed: Sequence[Observation]) -> None:
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

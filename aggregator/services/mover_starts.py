"""What movers start with: the price at the start of an hour, or else the first one after it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from aggregator.clock import from_ms, to_ms
from aggregator.history.aggregates import BEST, best_offer
from aggregator.history.change import AT_START, FIRST_IN_PERIOD, End
from aggregator.history.landmarks import Mark
from aggregator.models import PriceHour, PriceStart
from aggregator.services.archive import Side
from aggregator.services.mover_winners import Sighting, Winner
from aggregator.services.sides import find_sides


def find_starts(session: Session, winners: Sequence[Winner], *, since: int) -> dict[UUID, Sighting]:
    """Return the starts of movers.

    :param since: the start of an hour, in milliseconds since 1970.
    """
    starts = {w.product_id: _present(w, since) for w in winners if w.polled_at <= since}
    sealed = {w.product_id: w for w in winners if since < min(w.polled_at, w.sealed_until)}
    for id_, side in _find_sides(session, sealed, dict.fromkeys(sealed, since)).items():
        if best_offer(side.listing):
            starts[id_] = _seen(sealed[id_], since, AT_START, side)
    late = [id_ for id_ in sealed if id_ not in starts]
    firsts = _find_first_instants(session, late, since) if late else {}
    for id_, side in _find_sides(session, sealed, firsts).items():
        starts[id_] = _seen(sealed[id_], firsts[id_], FIRST_IN_PERIOD, side)
    unsealed = [winner.product_id for winner in winners if winner.product_id not in starts]
    return starts | (_find_unsealed(session, unsealed, since) if unsealed else {})


def _present(winner: Winner, since: int) -> Sighting:
    """Return the start of a product that was not polled since: what it shows now."""
    return Sighting(End(Mark(since, winner.start, winner.offer_id), AT_START), winner.polled_at)


def _seen(winner: Winner, at: int, method: str, side: Side) -> Sighting:
    mark = Mark(at, winner.start, best_offer(side.listing))
    return Sighting(End(mark, method), side.observed_at)


def _find_sides(
    session: Session, sealed: Mapping[UUID, Winner], instants: Mapping[UUID, int]
) -> dict[UUID, Side]:
    """Return what was on offer of each product at its instant."""
    detail_from = {id_: winner.detail_from for id_, winner in sealed.items()}
    sides = find_sides(session, instants.items(), detail_from)
    return {id_: side for (id_, _), side in sides.items()}


def _find_first_instants(
    session: Session, product_ids: Collection[UUID], since: int
) -> dict[UUID, int]:
    """Return of each product the first sealed instant at which it had a price."""
    later = aliased(PriceHour)
    first_hour = (
        select(func.min(later.hour))
        .where(
            later.product_id == PriceHour.product_id,
            later.aggregate == BEST,
            later.hour >= from_ms(since),
            func.coalesce(later.open, later.first).is_not(None),
        )
        .scalar_subquery()
    )
    query = select(PriceHour.product_id, PriceHour.hour, PriceHour.first_at).where(
        PriceHour.product_id.in_(product_ids),
        PriceHour.aggregate == BEST,
        PriceHour.hour == first_hour,
    )
    return {row.product_id: to_ms(row.first_at or row.hour) for row in session.execute(query)}


def _find_unsealed(
    session: Session, product_ids: Collection[UUID], since: int
) -> dict[UUID, Sighting]:
    """Return the starts that lie in hours which are not sealed."""
    later = aliased(PriceStart)
    first_hour = (
        select(func.min(later.hour))
        .where(later.product_id == PriceStart.product_id, later.hour >= from_ms(since))
        .scalar_subquery()
    )
    query = select(PriceStart).where(
        PriceStart.product_id.in_(product_ids), PriceStart.hour == first_hour
    )
    return {row.product_id: _unsealed(row, since) for row in session.scalars(query)}


def _unsealed(row: PriceStart, since: int) -> Sighting:
    observed_at = to_ms(row.observed_at)
    if observed_at <= since:
        return Sighting(End(Mark(since, row.price, row.offer_id), AT_START), observed_at)
    mark = Mark(to_ms(row.at), row.price, row.offer_id)
    return Sighting(End(mark, FIRST_IN_PERIOD), observed_at)

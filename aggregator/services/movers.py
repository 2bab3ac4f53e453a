"""Movers: the products whose best price fell or rose most."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from aggregator.clock import from_ms, to_ms
from aggregator.history.change import PriceChange, compute_change
from aggregator.history.period import Period
from aggregator.history.plan import floor_hour
from aggregator.history.trend import Endpoint
from aggregator.models import PollGap
from aggregator.recordset import recordset
from aggregator.services.mover_ends import find_ends
from aggregator.services.mover_ranking import Ranked, compare_prices, rank_movers
from aggregator.services.mover_starts import find_starts
from aggregator.services.mover_winners import Sighting, Winner, find_winners
from aggregator.services.paging import AnyRow
from aggregator.services.products import find_products
from aggregator.services.sides import Moment

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Mover:
    """A product, and how its best price changed."""

    product: AnyRow
    start: Endpoint
    end: Endpoint
    change: PriceChange


@dataclass(frozen=True, slots=True)
class Movers:
    """Products in the order of their changes."""

    period: Period
    """From the start of an hour until now."""
    movers: Sequence[Mover]


def list_movers(
    session: Session, period: Period, *, sort: str, limit: int, known_for: timedelta
) -> Movers:
    """Return the products whose best price fell or rose most since a period's start.

    That start is moved back to the full hour, of which every product's price is at hand.
    Products without a price since then are left out, and those that began with a price of 0.

    :param period: until now.
    :param sort: ``percent`` or ``absolute``, with ``-`` for the biggest rise first.
    :param known_for: how long we know after a successful poll.
    """
    since = floor_hour(period.start)
    ranked = rank_movers(session, from_ms(since), sort=sort, limit=limit)
    return _find_movers(session, period, ranked, since=since, known_for=known_for)


def compare_products(
    session: Session, period: Period, product_ids: Collection[UUID], *, known_for: timedelta
) -> Movers:
    """Return how the best prices of given products changed, in no order.

    The change of each is the one that :func:`list_movers` tells; of a product that began with a
    price of 0 its ``reason`` says why there are no percents.

    :param period: until now.
    :param known_for: how long we know after a successful poll.
    """
    since = floor_hour(period.start)
    compared = compare_prices(session, from_ms(since), product_ids)
    return _find_movers(session, period, compared, since=since, known_for=known_for)


def _find_movers(
    session: Session, period: Period, ranked: Sequence[Ranked], *, since: int, known_for: timedelta
) -> Movers:
    winners = find_winners(session, ranked)
    # A poll may have been stored between the request's now and the first statement.
    now = max([period.end, *(winner.polled_at for winner in winners)])
    starts = find_starts(session, winners, since=since)
    ends = find_ends(session, winners, now=now)
    stale = _find_stale(session, winners, [starts, ends], known_for // _MILLISECOND)
    ids = [winner.product_id for winner in winners]
    products = find_products(session, ids, stale_before=from_ms(now) - known_for)
    movers = [_mover(products[id_], starts[id_], ends[id_], stale) for id_ in ids]
    return Movers(replace(period, start=since, end=now), movers)


def _mover(product: AnyRow, start: Sighting, end: Sighting, stale: Collection[Moment]) -> Mover:
    first, last = (
        _endpoint(seen, (product.id, seen.end.seen_at) in stale) for seen in (start, end)
    )
    change = compute_change(start.end, end.end, observed=True, priced=True)
    return Mover(product, first, last, change)


def _endpoint(seen: Sighting, stale: bool) -> Endpoint:
    mark, method = seen.end
    return Endpoint(mark.value, mark.at, seen.observed_at, method, stale, mark.offer_id)


def _find_stale(
    session: Session,
    winners: Sequence[Winner],
    sightings: Sequence[Mapping[UUID, Sighting]],
    known_ms: int,
) -> set[Moment]:
    """Return when prices of movers were seen that were stale by then."""
    moments = {
        (id_, seen.end.seen_at) for seen_by_id in sightings for id_, seen in seen_by_id.items()
    }
    known_until = {winner.product_id: winner.polled_at + known_ms for winner in winners}
    outlasted = {(id_, instant) for id_, instant in moments if instant >= known_until[id_]}
    return outlasted | _find_in_gaps(session, moments - outlasted)


def _find_in_gaps(session: Session, moments: Collection[Moment]) -> set[Moment]:
    """Return those moments between two polls at which the first of them had become stale."""
    columns = PollGap.__table__.c
    types = {"product_id": columns.product_id.type, "instant": columns.started_at.type}
    rows = [(product_id, from_ms(instant)) for product_id, instant in moments]
    wanted = recordset(session, types, rows, name="wanted")
    query = select(wanted.c.product_id, wanted.c.instant).join(
        PollGap,
        and_(
            PollGap.product_id == wanted.c.product_id,
            PollGap.started_at <= wanted.c.instant,
            PollGap.ended_at > wanted.c.instant,
        ),
    )
    return {(product_id, to_ms(instant)) for product_id, instant in session.execute(query)}

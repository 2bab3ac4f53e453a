"""Sparklines: what the best prices of many products did, in few samples each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import literal_column, select
from sqlalchemy.orm import Session

from aggregator.clock import from_ms, to_ms
from aggregator.history.aggregates import BEST, aggregate_steps
from aggregator.history.bars import MS_PER_HOUR, Steps, Value, clip
from aggregator.history.detail import Change, make_detail
from aggregator.history.known import Gap, known_steps, known_stretches
from aggregator.models import FirstPrice, PriceHour, PriceSeal, ProductSync
from aggregator.services.paging import AnyRow
from aggregator.services.recent_history import (
    Opening,
    find_changes,
    find_gaps,
    find_last_hours,
    read_opening,
    stretches_of,
)

_MILLISECOND = timedelta(milliseconds=1)
_SAMPLES = 48
#: A day, with the hour that its start is in.
_EXACT_MS = 25 * MS_PER_HOUR
#: Not a parameter: with one, SQLite would not see that the index of these rows serves.
_OF_BEST = PriceHour.aggregate == literal_column(f"'{BEST}'")

#: Values of a step function by the instants from which on they hold.
Samples = dict[int, Value]


def find_sparklines(
    session: Session, product_ids: Collection[UUID], *, since: int, now: int, known_for: timedelta
) -> dict[UUID, Steps]:
    """Return what the best prices of products did over ``[since, now]``, as step functions.

    They are None where nothing was buyable, and where nothing was known. Of sealed hours, or of
    some in regular distances, they have the price at the start, which holds until the next one;
    of what is not sealed everything, or of periods over a day the present price alone. Products
    that were never polled have none.

    :param since: the start of an hour.
    :param known_for: how long we know after a successful poll.
    """
    bounds = _find_bounds(session, product_ids)
    samples = _sample_hours(session, bounds, since, now)
    recent = _recent_steps if now - since <= _EXACT_MS else _present_prices
    for product_id, found in recent(session, bounds).items():
        samples[product_id] |= found
    period = [(id_, from_ms(since), from_ms(now)) for id_ in bounds]
    gaps = find_gaps(session, stretches_of(session, period))
    lines = {}
    for product_id, row in bounds.items():
        steps = Steps(*_columns(samples[product_id] | _first_price(row)))
        known = _known(row, gaps[product_id], known_for)
        lines[product_id] = known_steps(steps, clip(known, since, now + 1))
    return lines


def _find_bounds(session: Session, product_ids: Collection[UUID]) -> dict[UUID, AnyRow]:
    """Return how far the history of each polled product reaches, and its outermost prices."""
    query = (
        select(
            ProductSync.product_id,
            ProductSync.first_checked_at,
            ProductSync.checked_at,
            ProductSync.best_price,
            PriceSeal.sealed_until,
            FirstPrice.at.label("first_at"),
            FirstPrice.price.label("first_price"),
        )
        .join(PriceSeal, PriceSeal.product_id == ProductSync.product_id)
        .outerjoin(FirstPrice, FirstPrice.product_id == ProductSync.product_id)
        .where(ProductSync.product_id.in_(product_ids))
    )
    return {row.product_id: row for row in session.execute(query)}


def _sample_hours(
    session: Session, product_ids: Collection[UUID], since: int, now: int
) -> dict[UUID, Samples]:
    """Return the prices that sealed hours begin with."""
    n_hours = -(-(now - since) // MS_PER_HOUR)
    distance = -(-n_hours // _SAMPLES) * MS_PER_HOUR
    hours = [from_ms(hour) for hour in range(since, now, distance)]
    query = select(PriceHour.product_id, PriceHour.hour, PriceHour.open).where(
        _OF_BEST, PriceHour.hour.in_(hours), PriceHour.product_id.in_(product_ids)
    )
    samples: dict[UUID, Samples] = defaultdict(dict)
    for product_id, hour, price in session.execute(query):
        samples[product_id][to_ms(hour)] = price
    return samples


def _recent_steps(session: Session, bounds: Mapping[UUID, AnyRow]) -> dict[UUID, Samples]:
    """Return all that the prices did since the last sealed hour."""
    stretches = [
        (id_, row.sealed_until, row.checked_at + _MILLISECOND) for id_, row in bounds.items()
    ]
    changes = find_changes(session, stretches_of(session, stretches))
    last_hours = find_last_hours(session, list(bounds))
    return {
        id_: _samples(row, read_opening(last_hours.get(id_)), changes[id_])
        for id_, row in bounds.items()
    }


def _samples(row: AnyRow, opening: Opening, changes: list[Change]) -> Samples:
    detail = make_detail(
        to_ms(row.sealed_until),
        to_ms(row.checked_at) + 1,
        opening=opening.listing,
        last_poll=opening.last_poll,
        polls=sorted({change.at for change in changes}),
        changes=changes,
    )
    return dict(zip(*aggregate_steps(detail, BEST), strict=True))


def _present_prices(session: Session, bounds: Mapping[UUID, AnyRow]) -> dict[UUID, Samples]:
    return {id_: {to_ms(row.checked_at): row.best_price} for id_, row in bounds.items()}


def _first_price(row: AnyRow) -> Samples:
    return {to_ms(row.first_at): row.first_price} if row.first_at else {}


def _columns(samples: Samples) -> tuple[list[int], list[Value]]:
    times = sorted(samples)
    return times, [samples[at] for at in times]


def _known(row: AnyRow, gaps: list[Gap], known_for: timedelta) -> list[tuple[int, int]]:
    return list(
        known_stretches(
            to_ms(row.first_checked_at),
            to_ms(row.checked_at),
            gaps,
            stale_after=known_for // _MILLISECOND,
        )
    )

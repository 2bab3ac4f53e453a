"""Reading what is not sealed, and when we knew: many products in a statement each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import FromClause, String, and_, cast, func, select
from sqlalchemy.orm import Session, aliased

from aggregator.clock import to_ms
from aggregator.history.codec.offer_hours import decode_offer_hours
from aggregator.history.detail import Change, Listing
from aggregator.history.known import Gap
from aggregator.models import OfferFigures, Poll, PollGap, PricePoint, PriceSeal
from aggregator.recordset import recordset
from aggregator.services.paging import AnyRow


class Opening(NamedTuple):
    """What was on offer before a stretch."""

    listing: Listing
    last_poll: int | None
    """The poll that saw it; None where there was none."""


def stretches_of(session: Session, rows: Sequence[tuple[UUID, datetime, datetime]]) -> FromClause:
    """Return stretches of products, from their starts up to their ends, to join with."""
    columns = PriceSeal.__table__.c
    instant = columns.sealed_until.type
    types = {"product_id": columns.product_id.type, "start": instant, "end": instant}
    return recordset(session, types, rows, name="wanted")


def read_opening(last_hour: AnyRow | None) -> Opening:
    """Return what the last sealed hour closed with: nothing where there is none."""
    if last_hour is None:
        return Opening({}, None)
    hours = decode_offer_hours(last_hour.figures, to_ms(last_hour.hour))
    return Opening(hours.closing(), hours.last_poll)


def find_last_hours(session: Session, product_ids: Sequence[UUID]) -> dict[UUID, AnyRow]:
    """Return the last sealed hour of each product that has any."""
    earlier = aliased(OfferFigures)
    # Looked up for each product: an aggregate would read all hours that they ever had.
    last_hour = (
        select(func.max(earlier.hour))
        .where(earlier.product_id == PriceSeal.product_id)
        .scalar_subquery()
    )
    is_last = and_(OfferFigures.product_id == PriceSeal.product_id, OfferFigures.hour == last_hour)
    query = (
        select(OfferFigures.product_id, OfferFigures.hour, OfferFigures.figures)
        .select_from(PriceSeal)
        .join(OfferFigures, is_last)
        .where(PriceSeal.product_id.in_(product_ids))
    )
    return {row.product_id: row for row in session.execute(query)}


def find_polls(session: Session, wanted: FromClause) -> dict[UUID, list[int]]:
    """Return the polls of stretches that are not sealed, in order."""
    found: dict[UUID, list[int]] = defaultdict(list)
    inside = and_(Poll.observed_at >= wanted.c.start, Poll.observed_at < wanted.c.end)
    query = select(Poll.product_id, Poll.observed_at).join(
        wanted, and_(Poll.product_id == wanted.c.product_id, inside)
    )
    for product_id, observed_at in session.execute(query.order_by(Poll.observed_at)):
        found[product_id].append(to_ms(observed_at))
    return found


def find_changes(session: Session, wanted: FromClause) -> dict[UUID, list[Change]]:
    """Return the changes of stretches that are not sealed, oldest first."""
    found: dict[UUID, list[Change]] = defaultdict(list)
    at = PricePoint.observed_at
    # Text, because many rows have the same few ids, and reading each as a UUID would take long.
    query = select(
        cast(PricePoint.product_id, String),
        at,
        cast(PricePoint.offer_id, String),
        PricePoint.price,
        PricePoint.items_in_stock,
    ).join(
        wanted,
        and_(PricePoint.product_id == wanted.c.product_id, at >= wanted.c.start, at < wanted.c.end),
    )
    read_id = cache(UUID)
    for product_id, observed_at, offer_id, price, stock in session.execute(query.order_by(at)):
        change = Change(to_ms(observed_at), read_id(offer_id), price, stock)
        found[read_id(product_id)].append(change)
    return found


def find_gaps(session: Session, wanted: FromClause) -> dict[UUID, list[Gap]]:
    """Return the gaps that reach into stretches, sealed or not, in order."""
    found: dict[UUID, list[Gap]] = defaultdict(list)
    overlapping = and_(PollGap.started_at < wanted.c.end, PollGap.ended_at > wanted.c.start)
    query = select(PollGap.product_id, PollGap.started_at, PollGap.ended_at).join(
        wanted, and_(PollGap.product_id == wanted.c.product_id, overlapping)
    )
    for product_id, started_at, ended_at in session.execute(query.order_by(PollGap.started_at)):
        found[product_id].append(Gap(to_ms(started_at), to_ms(ended_at)))
    return found

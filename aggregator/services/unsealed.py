"""Reading what is to be sealed: many products in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import FromClause, String, and_, cast, func, select
from sqlalchemy.orm import Session

from aggregator.clock import from_ms, to_ms
from aggregator.history.bars import MS_PER_HOUR, Stretches, clip
from aggregator.history.codec.offer_hours import decode_offer_hours
from aggregator.history.detail import Change, Detail, Listing, make_detail
from aggregator.history.known import Gap, known_stretches
from aggregator.history.plan import floor_hour
from aggregator.models import OfferFigures, Poll, PollGap, PricePoint, PriceSeal, ProductSync
from aggregator.recordset import recordset
from aggregator.services.paging import AnyRow


class Opening(NamedTuple):
    """What was on offer before a stretch."""

    listing: Listing
    last_poll: int | None
    """The poll that saw it; None where there was none."""


_NOTHING = Opening({}, None)


@dataclass(frozen=True, slots=True)
class Unsealed:
    """A product's hours that are over but not sealed. Instants are milliseconds since 1970."""

    product_id: UUID
    since: int
    """Start of the first of them."""
    until: int
    """End of the last of them; ``since`` where there is none."""
    is_partial: bool
    """Whether more hours behind these are over."""
    detail_from: int
    """Hour before which the detail is gone."""
    last_hour: AnyRow | None
    """The last sealed hour's start and figures, which tell what was on offer before them."""
    known: Stretches
    """When we knew, at least within them."""
    polls: Sequence[int]
    changes: Sequence[Change]

    def hours(self) -> Iterator[Detail]:
        """Yield the detail of each hour in which there was a poll, or in which we knew."""
        polls, changes = defaultdict(list), defaultdict(list)
        for poll in self.polls:
            polls[floor_hour(poll)].append(poll)
        for change in self.changes:
            changes[floor_hour(change.at)].append(change)
        opening = _NOTHING if self.last_hour is None else _read_opening(self.last_hour)
        for hour in range(self.since, self.until, MS_PER_HOUR):
            if hour in polls or clip(self.known, hour, hour + MS_PER_HOUR):
                end = hour + MS_PER_HOUR
                detail = make_detail(
                    hour,
                    end,
                    opening=opening.listing,
                    last_poll=opening.last_poll,
                    polls=polls[hour],
                    changes=changes[hour],
                )
                yield detail
                opening = Opening(detail.closing(), detail.last_poll_at(end))


def find_unsealed(
    session: Session, product_ids: Sequence[UUID], *, most_hours: int
) -> list[Unsealed]:
    """Return what of each product can be sealed, at most so many hours of each.

    An hour is over once a poll at or after its end is stored: polls of a product strictly
    follow each other, so nothing can be added to it any more.
    """
    seals = session.execute(
        select(
            PriceSeal.product_id,
            PriceSeal.sealed_until,
            PriceSeal.detail_from,
            ProductSync.first_checked_at,
            ProductSync.checked_at,
        )
        .join(ProductSync, ProductSync.product_id == PriceSeal.product_id)
        .where(PriceSeal.product_id.in_(product_ids))
        .order_by(PriceSeal.product_id)
    ).all()
    over = {seal.product_id: floor_hour(to_ms(seal.checked_at)) for seal in seals}
    most = most_hours * MS_PER_HOUR
    until = {s.product_id: min(over[s.product_id], to_ms(s.sealed_until) + most) for s in seals}
    ranges = _ranges(
        session, [(s.product_id, s.sealed_until, from_ms(until[s.product_id])) for s in seals]
    )
    polls = _find_polls(session, ranges)
    changes = _find_changes(session, ranges)
    gaps = _find_gaps(session, ranges)
    last_hours = _find_last_hours(session, product_ids)
    return [
        Unsealed(
            product_id=seal.product_id,
            since=to_ms(seal.sealed_until),
            until=until[seal.product_id],
            is_partial=until[seal.product_id] < over[seal.product_id],
            detail_from=to_ms(seal.detail_from),
            last_hour=last_hours.get(seal.product_id),
            known=_known(seal, gaps[seal.product_id]),
            polls=polls[seal.product_id],
            changes=changes[seal.product_id],
        )
        for seal in seals
    ]


def _known(seal: AnyRow, gaps: Sequence[Gap]) -> Stretches:
    first_poll, last_poll = to_ms(seal.first_checked_at), to_ms(seal.checked_at)
    return known_stretches(first_poll, last_poll, gaps, stale_after=0)


def _ranges(session: Session, rows: Sequence[tuple[UUID, datetime, datetime]]) -> FromClause:
    columns = PriceSeal.__table__.c
    instant = columns.sealed_until.type
    types = {"product_id": columns.product_id.type, "start": instant, "end": instant}
    return recordset(session, types, rows, name="wanted")


def _read_opening(last_hour: AnyRow) -> Opening:
    hours = decode_offer_hours(last_hour.figures, to_ms(last_hour.hour))
    return Opening(hours.closing(), hours.last_poll)


def _find_last_hours(session: Session, product_ids: Sequence[UUID]) -> dict[UUID, AnyRow]:
    """Return the last sealed hour of each product that has any."""
    last = (
        select(OfferFigures.product_id, func.max(OfferFigures.hour).label("hour"))
        .where(OfferFigures.product_id.in_(product_ids))
        .group_by(OfferFigures.product_id)
        .subquery("last")
    )
    query = select(OfferFigures.product_id, OfferFigures.hour, OfferFigures.figures).join(
        last,
        and_(OfferFigures.product_id == last.c.product_id, OfferFigures.hour == last.c.hour),
    )
    return {row.product_id: row for row in session.execute(query)}


def _find_polls(session: Session, wanted: FromClause) -> dict[UUID, list[int]]:
    found: dict[UUID, list[int]] = defaultdict(list)
    inside = and_(Poll.observed_at >= wanted.c.start, Poll.observed_at < wanted.c.end)
    query = select(Poll.product_id, Poll.observed_at).join(
        wanted, and_(Poll.product_id == wanted.c.product_id, inside)
    )
    for product_id, observed_at in session.execute(query.order_by(Poll.observed_at)):
        found[product_id].append(to_ms(observed_at))
    return found


def _find_changes(session: Session, wanted: FromClause) -> dict[UUID, list[Change]]:
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


def _find_gaps(session: Session, wanted: FromClause) -> dict[UUID, list[Gap]]:
    found: dict[UUID, list[Gap]] = defaultdict(list)
    overlapping = and_(PollGap.started_at < wanted.c.end, PollGap.ended_at > wanted.c.start)
    query = select(PollGap.product_id, PollGap.started_at, PollGap.ended_at).join(
        wanted, and_(PollGap.product_id == wanted.c.product_id, overlapping)
    )
    for product_id, started_at, ended_at in session.execute(query.order_by(PollGap.started_at)):
        found[product_id].append(Gap(to_ms(started_at), to_ms(ended_at)))
    return found

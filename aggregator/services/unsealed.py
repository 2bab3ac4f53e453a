"""Reading what is to be sealed: many products in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.clock import from_ms, to_ms
from aggregator.history.bars import MS_PER_HOUR, Stretches, clip
from aggregator.history.detail import Change, Detail, make_detail
from aggregator.history.known import Gap, known_stretches
from aggregator.history.plan import floor_hour
from aggregator.models import PriceSeal, ProductSync
from aggregator.services.paging import AnyRow
from aggregator.services.recent_history import (
    Opening,
    find_changes,
    find_gaps,
    find_last_hours,
    find_polls,
    read_opening,
    stretches_of,
)


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
        opening = read_opening(self.last_hour)
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
    wanted = stretches_of(
        session, [(s.product_id, s.sealed_until, from_ms(until[s.product_id])) for s in seals]
    )
    polls = find_polls(session, wanted)
    changes = find_changes(session, wanted)
    gaps = find_gaps(session, wanted)
    last_hours = find_last_hours(session, product_ids)
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

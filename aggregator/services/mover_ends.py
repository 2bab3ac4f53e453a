"""What movers end with: the present best price, or else the last one there was."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.clock import to_ms
from aggregator.history.bars import MS_PER_HOUR
from aggregator.history.change import AT_END, LAST_IN_PERIOD, End
from aggregator.history.landmarks import Mark
from aggregator.models import LastPrice
from aggregator.services.mover_winners import Sighting, Winner


def find_ends(session: Session, winners: Sequence[Winner], *, now: int) -> dict[UUID, Sighting]:
    """Return the ends of movers."""
    sold_out = {winner.product_id: winner for winner in winners if winner.offer_id is None}
    ends = {
        winner.product_id: Sighting(
            End(Mark(now, winner.end, winner.offer_id), AT_END), winner.polled_at
        )
        for winner in winners
        if winner.offer_id
    }
    if sold_out:
        query = select(LastPrice).where(LastPrice.product_id.in_(sold_out))
        for last in session.scalars(query):
            ends[last.product_id] = _last(last, sold_out[last.product_id])
    return ends


def _last(last: LastPrice, winner: Winner) -> Sighting:
    until = to_ms(last.until)
    seen_at = until - 1
    if seen_at < winner.detail_from and seen_at % MS_PER_HOUR:
        # With the detail goes whose price it was, here as in a trend.
        return Sighting(End(Mark(until, winner.end), LAST_IN_PERIOD), None)
    mark = Mark(until, winner.end, last.offer_id)
    return Sighting(End(mark, LAST_IN_PERIOD), to_ms(last.observed_at))

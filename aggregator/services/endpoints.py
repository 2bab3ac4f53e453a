"""Endpoints: a curve's price at an instant, whose it was, and which poll saw it."""

from __future__ import annotations

from aggregator.history.bars import Stretches
from aggregator.history.change import End
from aggregator.history.explain import Explanation, LikeForLike, explain
from aggregator.history.known import is_known
from aggregator.history.landmarks import Mark
from aggregator.history.trend import Endpoint
from aggregator.services.archive import Archive, Side
from aggregator.services.curves import Curve

_NOTHING = Side({}, None)


class CurveReader:
    """Reads a curve at single instants.

    :param known: when we knew, over the whole period.
    """

    def __init__(self, archive: Archive, curve: Curve, known: Stretches) -> None:
        self.archive = archive
        self.curve = curve
        self.known = known

    def mark_at(self, instant: int) -> Mark | None:
        """Return the price at an instant; None where there is none."""
        listing = self.archive.side_at(instant).listing
        value = self.curve.value(listing)
        return None if value is None else Mark(instant, value, self.curve.offer_id(listing))

    def with_offer(self, mark: Mark | None) -> Mark | None:
        """Return a mark with the offer it belongs to, as far as that is known."""
        if mark is None or mark.offer_id is not None:
            return mark
        return mark._replace(offer_id=self.curve.offer_id(self._side(mark.at).listing))

    def endpoint(self, end: End | None) -> Endpoint:
        """Return everything that is known of one end of a change."""
        if end is None:
            return Endpoint()
        side = self._side(end.seen_at)
        return Endpoint(
            value=end.mark.value,
            at=end.mark.at,
            observed_at=side.observed_at,
            method=end.method,
            stale=not is_known(self.known, end.seen_at),
            offer_id=self.curve.offer_id(side.listing),
        )

    def explain(
        self, start: End | None, end: End | None
    ) -> tuple[Explanation | None, LikeForLike | None]:
        """Explain the change of the best price between two ends, where both are there."""
        if start is None or end is None:
            return None, None
        return explain(self._side(start.seen_at).listing, self._side(end.seen_at).listing)

    def _side(self, instant: int) -> Side:
        if instant != self.archive.nearest_detail(instant):
            return _NOTHING
        return self.archive.side_at(instant)

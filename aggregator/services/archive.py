"""One product's history as it is stored: recent points, and hours that are sealed."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select, true
from sqlalchemy.orm import Session

from aggregator.clock import from_ms
from aggregator.errors import ProductNotFound
from aggregator.history.bars import MS_PER_HOUR, Stretches, clip
from aggregator.history.codec.offer_hours import decode_offer_hours
from aggregator.history.detail import Detail, Listing, Told, make_detail_by_offer
from aggregator.history.known import Gap, known_stretches
from aggregator.history.plan import floor_hour
from aggregator.models import Poll, PollGap, PricePoint, PriceSeal, ProductSync
from aggregator.services.sealed_details import (
    LAST_FIGURES,
    find_details,
    find_last_detail,
    find_last_figures,
)
from aggregator.sql_functions import epoch_ms, json_rows

_BOUNDS = (
    select(
        epoch_ms(ProductSync.first_checked_at).label("first_poll"),
        epoch_ms(ProductSync.checked_at).label("last_poll"),
        epoch_ms(PriceSeal.sealed_until).label("sealed_until"),
        epoch_ms(PriceSeal.detail_from).label("detail_from"),
    )
    .join(PriceSeal, PriceSeal.product_id == ProductSync.product_id, isouter=True)
    .where(ProductSync.product_id == bindparam("product_id"))
)
_GAPS = (
    select(epoch_ms(PollGap.started_at), epoch_ms(PollGap.ended_at))
    .where(
        PollGap.product_id == bindparam("product_id"),
        PollGap.started_at < bindparam("end"),
        PollGap.ended_at > bindparam("start"),
    )
    .order_by(PollGap.started_at)
)
_POINTS = select(
    json_rows(
        PricePoint.offer_id,
        epoch_ms(PricePoint.observed_at),
        PricePoint.price,
        PricePoint.items_in_stock,
    )
).where(
    PricePoint.product_id == bindparam("product_id"),
    PricePoint.observed_at >= bindparam("since"),
)
_POLLS = select(json_rows(epoch_ms(Poll.observed_at))).where(
    Poll.product_id == bindparam("product_id"), Poll.observed_at >= bindparam("since")
)
_LAST_HOUR = LAST_FIGURES.subquery()
#: What is not sealed yet, and the last sealed hour where there is one.
_RECENT = (
    select(
        _POINTS.scalar_subquery().label("points"),
        _POLLS.scalar_subquery().label("polls"),
        _LAST_HOUR.c.hour,
        _LAST_HOUR.c.figures,
    )
    .select_from(ProductSync)
    .outerjoin(_LAST_HOUR, true())
    .where(ProductSync.product_id == bindparam("product_id"))
)


class Side(NamedTuple):
    """What was on offer at an instant."""

    listing: Listing
    observed_at: int | None
    """The poll that saw it; None where there was none, or where it is no longer known."""


class Archive:
    """One product's history. Instants are milliseconds since 1970.

    Only to be used within the transaction that it was opened in: what is sealed meanwhile
    would be seen twice, or not at all.

    :param known_for: how long we know after a successful poll.
    :raises ProductNotFound: There is no such product.
    """

    def __init__(self, session: Session, product_id: UUID, *, known_for: timedelta) -> None:
        self.session = session
        self.product_id = product_id
        self._known_for = known_for
        bounds = session.execute(_BOUNDS, {"product_id": product_id}).first()
        if bounds is None:
            raise ProductNotFound(product_id)
        self.first_poll: int | None = bounds.first_poll
        """The first successful poll; None where there was none yet."""
        self.last_poll: int | None = bounds.last_poll
        self.sealed_until: int = bounds.sealed_until or 0
        """Hour from which on nothing is sealed."""
        self.detail_from: int = bounds.detail_from or 0
        """Hour before which there are only hourly figures."""
        self._details: dict[int, Detail | None] = {}

    def lacks_detail(self, start: int, end: int) -> bool:
        """Tell whether of some of ``[start, end)`` only hourly figures are left."""
        if self.first_poll is None:
            return False
        return max(start, floor_hour(self.first_poll)) < min(end, self.detail_from)

    def nearest_detail(self, instant: int) -> int:
        """Return an instant, or its hour's start where only that hour's figures are left."""
        return floor_hour(instant) if self.lacks_detail(instant, instant + 1) else instant

    def known(self, start: int, end: int) -> Stretches:
        """Return when we knew within ``[start, end)``."""
        if self.first_poll is None or self.last_poll is None:
            return []
        within = {"start": from_ms(start), "end": from_ms(end)}
        gaps = self.session.execute(_GAPS, {"product_id": self.product_id, **within})
        stale_after = self._known_for // timedelta(milliseconds=1)
        known = known_stretches(
            self.first_poll, self.last_poll, map(Gap._make, gaps), stale_after=stale_after
        )
        return clip(known, start, end)

    def side_at(self, instant: int) -> Side:
        """Return what was on offer at an instant, or at its hour's start if the detail is gone."""
        if self.first_poll is None or instant < self.first_poll:
            return Side({}, None)
        if self.lacks_detail(instant, instant + 1):
            return self._hourly_side(floor_hour(instant))
        detail = self.detail_at(instant)
        if detail is None:
            return Side({}, None)
        return Side(detail.listing_at(instant), detail.last_poll_at(instant))

    def load(self, stretches: Stretches) -> None:
        """Read the sealed details of stretches ahead, all in one statement."""
        hours = {
            hour
            for start, end in stretches
            for hour in range(floor_hour(start), min(end, self.sealed_until), MS_PER_HOUR)
        }
        if missing := hours - self._details.keys():
            for detail in find_details(self.session, self.product_id, missing):
                self._details[detail.start] = detail

    def details(self, start: int, end: int) -> list[Detail]:
        """Return the details that tell all of ``[start, end)``, in order, as far as they are there.

        The first one may begin before it.
        """
        found = {}
        if first := self.detail_at(start):
            found[first.start] = first
        for detail in self._details.values():
            if detail is not None and start < detail.start < end:
                found[detail.start] = detail
        if end > self.sealed_until:
            found[self.recent.start] = self.recent
        return [found[at] for at in sorted(found)]

    def detail_at(self, instant: int) -> Detail | None:
        """Return the detail that tells the state at an instant; None before all of them."""
        if instant >= self.sealed_until:
            return self.recent
        hour = floor_hour(instant)
        if hour not in self._details:
            self._details[hour] = find_last_detail(self.session, self.product_id, instant)
        return self._details[hour]

    @cached_property
    def recent(self) -> Detail:
        """What is not sealed yet."""
        since, before = from_ms(self.sealed_until), from_ms(self.sealed_until - 1)
        row = self.session.execute(
            _RECENT, {"product_id": self.product_id, "since": since, "instant": before}
        ).one()
        last_hour = decode_offer_hours(row.figures, row.hour) if row.figures else None
        told: dict[str, list[Told]] = defaultdict(list)
        for offer_id, at, price, items_in_stock in msgspec.json.decode(row.points):
            told[offer_id].append((at, price, items_in_stock))
        end = self.sealed_until if self.last_poll is None else self.last_poll + 1
        return make_detail_by_offer(
            self.sealed_until,
            end,
            opening=last_hour.closing() if last_hour else {},
            last_poll=last_hour.last_poll if last_hour else None,
            polls=sorted(at for (at,) in msgspec.json.decode(row.polls)),
            told={UUID(offer_id): sorted(changes) for offer_id, changes in told.items()},
        )

    def _hourly_side(self, hour: int) -> Side:
        figures = find_last_figures(self.session, self.product_id, hour)
        if figures is None:
            return Side({}, None)
        if figures.start == hour:
            return Side(figures.opening(), figures.observed_at)
        return Side(figures.closing(), figures.last_poll)

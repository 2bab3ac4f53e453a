"""One product's history as it is stored: recent points, and hours that are sealed."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.clock import from_ms, to_ms
from aggregator.errors import ProductNotFound
from aggregator.history.bars import MS_PER_HOUR, Stretches, clip
from aggregator.history.detail import Change, Detail, Listing, make_detail
from aggregator.history.known import Gap, known_stretches
from aggregator.history.plan import floor_hour
from aggregator.models import (
    Poll,
    PollGap,
    PriceDetail,
    PricePoint,
    PriceSeal,
    ProductSync,
)
from aggregator.recordset import recordset
from aggregator.services.paging import AnyRow
from aggregator.services.sealed_details import find_last_figures, read_detail, sealed_details


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
        bounds = _find_bounds(session, product_id)
        if bounds is None:
            raise ProductNotFound(product_id)
        self.first_poll = to_ms(bounds.first_checked_at) if bounds.first_checked_at else None
        """The first successful poll; None where there was none yet."""
        self.last_poll = to_ms(bounds.checked_at) if bounds.checked_at else None
        self.sealed_until = to_ms(bounds.sealed_until) if bounds.sealed_until else 0
        """Hour from which on nothing is sealed."""
        self.detail_from = to_ms(bounds.detail_from) if bounds.detail_from else 0
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
        rows = self.session.execute(
            select(PollGap.started_at, PollGap.ended_at)
            .where(
                PollGap.product_id == self.product_id,
                PollGap.started_at < from_ms(end),
                PollGap.ended_at > from_ms(start),
            )
            .order_by(PollGap.started_at)
        )
        gaps = [Gap(to_ms(row.started_at), to_ms(row.ended_at)) for row in rows]
        stale_after = self._known_for // timedelta(milliseconds=1)
        known = known_stretches(self.first_poll, self.last_poll, gaps, stale_after=stale_after)
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
        if not stretches:
            return
        hours = {
            hour
            for start, end in stretches
            for hour in range(floor_hour(start), min(end, self.sealed_until), MS_PER_HOUR)
        }
        # A list of hours, because a join on ranges makes PostgreSQL read all of the product.
        wanted = recordset(
            self.session,
            {"hour": PriceDetail.__table__.c.hour.type},
            [(from_ms(hour),) for hour in sorted(hours)],
            name="wanted",
        )
        found = self.session.execute(
            sealed_details(self.product_id).join(wanted, PriceDetail.hour == wanted.c.hour)
        )
        for row in found:
            hour = to_ms(row.hour)
            if hour not in self._details:
                self._details[hour] = read_detail(row)

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
            row = self.session.execute(
                sealed_details(self.product_id)
                .where(PriceDetail.hour <= from_ms(instant))
                .order_by(PriceDetail.hour.desc())
                .limit(1)
            ).first()
            self._details[hour] = read_detail(row) if row else None
        return self._details[hour]

    @cached_property
    def recent(self) -> Detail:
        """What is not sealed yet."""
        before = find_last_figures(self.session, self.product_id, self.sealed_until - 1)
        since = from_ms(self.sealed_until)
        points = self.session.execute(
            select(
                PricePoint.observed_at,
                PricePoint.offer_id,
                PricePoint.price,
                PricePoint.items_in_stock,
            )
            .where(PricePoint.product_id == self.product_id, PricePoint.observed_at >= since)
            .order_by(PricePoint.observed_at)
        )
        polls = self.session.scalars(
            select(Poll.observed_at)
            .where(Poll.product_id == self.product_id, Poll.observed_at >= since)
            .order_by(Poll.observed_at)
        )
        end = self.sealed_until if self.last_poll is None else self.last_poll + 1
        return make_detail(
            self.sealed_until,
            end,
            opening=before.closing() if before else {},
            last_poll=before.last_poll if before else None,
            polls=[to_ms(observed_at) for observed_at in polls],
            changes=[Change(to_ms(row[0]), *row[1:]) for row in points],
        )

    def _hourly_side(self, hour: int) -> Side:
        figures = find_last_figures(self.session, self.product_id, hour)
        if figures is None:
            return Side({}, None)
        if figures.start == hour:
            return Side(figures.opening(), figures.observed_at)
        return Side(figures.closing(), figures.last_poll)


def _find_bounds(session: Session, product_id: UUID) -> AnyRow | None:
    return session.execute(
        select(
            ProductSync.first_checked_at,
            ProductSync.checked_at,
            PriceSeal.sealed_until,
            PriceSeal.detail_from,
        )
        .join(PriceSeal, PriceSeal.product_id == ProductSync.product_id, isouter=True)
        .where(ProductSync.product_id == product_id)
    ).first()

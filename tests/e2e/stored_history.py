"""What the database holds of one product's history, against what it must hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy import Engine, exists, select
from sqlalchemy.orm import Session

from aggregator.clock import from_ms, to_ms
from aggregator.db import reading
from aggregator.history.bars import MS_PER_HOUR, Value
from aggregator.history.codec.offer_hours import decode_offer_hours
from aggregator.history.detail import Change, Listing, OfferState
from aggregator.history.plan import floor_hour
from aggregator.models import (
    Offer,
    OfferFigures,
    Poll,
    PollGap,
    PriceDetail,
    PriceHour,
    PricePoint,
    PriceSeal,
    PriceStart,
    ProductSync,
)
from aggregator.services.archive import Archive, Side
from aggregator.services.sealed_details import SEALED_DETAILS, read_detail
from tests.e2e.replay import Replay

#: Of all processes: five poll intervals of one second.
STALE_AFTER_MS = 5_000


class StoredHistory:
    """One product's rows, read within one transaction. Instants are milliseconds since 1970."""

    def __init__(self, session: Session, product_id: UUID) -> None:
        self._session = session
        self._product_id = product_id
        self._seal = session.get_one(PriceSeal, product_id)
        self.sealed_until = to_ms(self._seal.sealed_until)
        """Start of the first hour that is not sealed."""
        details = select(PriceDetail).where(PriceDetail.product_id == product_id)
        self.hours = {to_ms(row.hour): row.n_changes for row in session.scalars(details)}
        """The sealed hours by their starts, and the number of changes in each."""
        recent = select(Poll.observed_at).where(Poll.product_id == product_id)
        self._recent_polls = sorted(to_ms(at) for at in session.scalars(recent))
        self.polls = [*self._sealed_polls(), *self._recent_polls]
        """All successful polls."""

    def _sealed_polls(self) -> Iterator[int]:
        query = SEALED_DETAILS.order_by(PriceDetail.hour)
        for row in self._session.execute(query, {"product_id": self._product_id}):
            yield from read_detail(*row).polls

    def check(self, replay: Replay) -> None:
        """Check that every table agrees with all events and polls, and so with the others."""
        self._check_bounds(replay)
        self._check_present(replay)
        self._check_recent(replay)
        self._check_sealed_changes(replay)
        self._check_price_hours(replay)
        self._check_offer_hours(replay)
        self._check_gaps(replay)
        archive = Archive(self._session, self._product_id, known_for=timedelta(0))
        for instant in (*replay.polls, *self.hours, self.sealed_until - 1, self.sealed_until):
            side = Side(replay.listing_at(instant), replay.last_poll(instant))
            assert archive.side_at(instant) == side

    def _check_bounds(self, replay: Replay) -> None:
        assert self.sealed_until == floor_hour(self.sealed_until)
        assert to_ms(self._seal.detail_from) == floor_hour(replay.polls[0]) <= self.sealed_until

    def _check_present(self, replay: Replay) -> None:
        sync = self._session.get_one(ProductSync, self._product_id)
        assert sync.first_checked_at == from_ms(replay.polls[0])
        assert sync.checked_at == from_ms(replay.polls[-1])
        last = replay.listing_at(replay.polls[-1])
        assert sync.best_price == _best(last)
        assert sync.offers_count == sum(offer.is_buyable for offer in last.values())
        offers = select(Offer).where(Offer.product_id == self._product_id, Offer.ended_at.is_(None))
        listed = {
            offer.id: OfferState(offer.price, offer.items_in_stock, to_ms(offer.changed_at))
            for offer in self._session.scalars(offers)
        }
        assert listed == last

    def _check_recent(self, replay: Replay) -> None:
        assert all(poll >= self.sealed_until for poll in self._recent_polls)
        points = select(PricePoint).where(PricePoint.product_id == self._product_id)
        changes = {
            Change(to_ms(point.observed_at), point.offer_id, point.price, point.items_in_stock)
            for point in self._session.scalars(points)
        }
        assert changes == {
            Change(*event[:-1]) for event in replay.events if event.at >= self.sealed_until
        }

    def _check_sealed_changes(self, replay: Replay) -> None:
        hours = {floor_hour(poll) for poll in replay.polls if poll < self.sealed_until}
        assert hours <= self.hours.keys()
        assert all(hour < self.sealed_until for hour in self.hours)
        sealed = [event.at for event in replay.events if event.at < self.sealed_until]
        assert Counter(self.hours) == Counter(floor_hour(at) for at in sealed)

    def _check_price_hours(self, replay: Replay) -> None:
        rows = select(PriceHour).where(PriceHour.product_id == self._product_id)
        hours: dict[str, set[int]] = {"best": set(), "mean": set(), "median": set()}
        for row in self._session.scalars(rows):
            start = to_ms(row.hour)
            hours[row.aggregate].add(start)
            if row.aggregate == "best":
                behind = start + MS_PER_HOUR
                polls = [start, *(poll for poll in replay.polls if start < poll < behind)]
                prices = [_best(replay.listing_at(poll)) for poll in polls]
                priced = [price for price in prices if price is not None]
                assert (row.open, row.close) == (prices[0], prices[-1])
                assert row.low == min(priced, default=None)
                assert row.high == max(priced, default=None)
        assert all(of_one == self.hours.keys() for of_one in hours.values())

    def _check_offer_hours(self, replay: Replay) -> None:
        rows = select(OfferFigures).where(OfferFigures.product_id == self._product_id)
        figures = {to_ms(row.hour): row.figures for row in self._session.scalars(rows)}
        assert figures.keys() == self.hours.keys()
        for start, blob in figures.items():
            hours, last = decode_offer_hours(blob, start), start + MS_PER_HOUR - 1
            assert hours.observed_at == replay.last_poll(start)
            assert hours.last_poll == replay.last_poll(last)
            assert hours.opening() == replay.listing_at(start)
            assert hours.closing() == replay.listing_at(last)

    def _check_gaps(self, replay: Replay) -> None:
        gaps = select(PollGap).where(PollGap.product_id == self._product_id)
        assert [
            (to_ms(gap.last_poll_at), to_ms(gap.started_at), to_ms(gap.ended_at))
            for gap in self._session.scalars(gaps.order_by(PollGap.started_at))
        ] == [
            (last_poll, last_poll + STALE_AFTER_MS, poll)
            for last_poll, poll in pairwise(replay.polls)
            if poll > last_poll + STALE_AFTER_MS
        ]


def find_torn(engine: Engine) -> list[UUID]:
    """Return the products with rows that only a part of a transaction can have left.

    That is rows still recent though they are sealed, or no row of the last poll.
    """
    found: list[UUID] = []
    with reading(engine) as session:
        for at in (PricePoint.observed_at, Poll.observed_at, PriceStart.hour):
            mine = PriceSeal.product_id == at.class_.product_id
            query = select(PriceSeal.product_id).join(at.class_, mine)
            found += session.scalars(query.where(at < PriceSeal.sealed_until))
        last_poll = exists().where(
            Poll.product_id == ProductSync.product_id, Poll.observed_at == ProductSync.checked_at
        )
        polled = select(ProductSync.product_id).where(ProductSync.checked_at.is_not(None))
        found += session.scalars(polled.where(~last_poll))
    return found


def _best(listing: Listing) -> Value:
    return min((offer.price for offer in listing.values() if offer.is_buyable), default=None)

"""A product on the sandbox's market, as the offers service tells of it at any instant."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from aggregator.offers_errors import OffersServiceRejected, OffersServiceUnavailable
from aggregator.offers_wire import RemoteOffer, Snapshot
from aggregator.services.claims import Claim
from aggregator.services.polls import Outcome
from aggregator.services.products import create_product
from sandbox.market import Market
from sandbox.offer import Offer
from tools.assortment import Item

#: How often the market moves.
_TICK = timedelta(minutes=10)
_SEED = 7
_OFFERS_FAILED = "the offers service failed (500)"


class Stand:
    """A product, whose id and offers follow from its name alone.

    :param end: of the month.
    """

    def __init__(self, item: Item, end: datetime) -> None:
        self.id = UUID(int=Random(item.name).getrandbits(128), version=4)
        self.added_at = end - item.age
        self._item = item
        self._end = end
        self._tick = 0
        self._history = Market(_SEED, 2).history(str(self.id))
        self._offers: tuple[Offer, ...] = next(self._history)

    def add(self, session: Session) -> None:
        """Create the product, as of the instant it was added."""
        create_product(
            session,
            product_id=self.id,
            name=self._item.name,
            description=self._item.description,
            now=self.added_at,
        )

    def answer(self, claim: Claim, at: datetime) -> Outcome:
        """Return what comes of an attempt at an instant, which is later each time."""
        item, before_end = self._item, self._end - at
        if item.refusal:
            return Outcome(claim, error=OffersServiceRejected(422, item.refusal))
        if item.unanswered and item.unanswered.holds(before_end):
            return Outcome(claim, error=OffersServiceUnavailable(_OFFERS_FAILED))
        registered_at = at if claim.registration else None
        is_sold_out = item.sold_out is not None and item.sold_out.holds(before_end)
        offers = () if is_sold_out else self._offers_at(at)
        return Outcome(claim, registered_at, Snapshot(offers, (), at))

    def _offers_at(self, at: datetime) -> tuple[RemoteOffer, ...]:
        while self._tick < (at - self.added_at) // _TICK:
            self._offers = next(self._history)
            self._tick += 1
        return tuple(
            RemoteOffer(UUID(str(id_)), price, stock) for id_, price, stock in self._offers
        )

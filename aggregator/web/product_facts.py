"""Everything that a product's page shows, read at one instant of the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from aggregator import current
from aggregator.clock import from_ms, utc_now
from aggregator.db import reading
from aggregator.history.trend import Trend
from aggregator.services import changes, offers, products
from aggregator.services.changes import ChangesQuestion
from aggregator.services.paging import AnyRow, PageRequest
from aggregator.services.past_offers import find_standing_before
from aggregator.services.trends import get_trend
from aggregator.web.event_words import ToldEvent, tell_events
from aggregator.web.product_query import ProductQuery

_MOST_OFFERS = 200
_MOST_ENDED = 20
_CHANGES = 25


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """A product, its trend, its offers and a page of its history."""

    product: AnyRow
    trend: Trend
    offers: Sequence[AnyRow]
    """Those there are now, cheapest first."""
    has_more_offers: bool
    """Whether there are more than are listed."""
    ended: Sequence[AnyRow]
    """Offers that ended since the period began, latest first."""
    events: Sequence[ToldEvent]
    """Newest first."""
    has_older_events: bool

    @property
    def best_offer_id(self) -> UUID | None:
        """Whose price is the best one now."""
        return next((offer.id for offer in self.offers if offer.items_in_stock), None)


def find_age(product_id: UUID) -> timedelta:
    """Return for how long there has been a product.

    :raises ProductNotFound: There is none.
    """
    with reading() as session:
        state = products.get_product_state(session, product_id, stale_before=current.stale_before())
    age: timedelta = utc_now() - state.created_at
    return age


def read_facts(product_id: UUID, asked: ProductQuery) -> ProductFacts:
    """Read what the page of a product shows.

    :raises ProductNotFound: There is no such product.
    :raises InvalidInput: The period lies within an hour of which the minutes are gone.
    """
    stale_before, known_for = current.stale_before(), current.stale_after()
    with reading() as session:
        product = products.get_product(session, product_id, stale_before=stale_before)
        trend = get_trend(session, product_id, asked.question, known_for=known_for)
        start, end = trend.period.start, trend.period.end
        listed = offers.list_offers(
            session,
            product_id,
            PageRequest(_MOST_OFFERS),
            sort="price",
            in_stock=None,
            stale_before=stale_before,
        ).page
        ended = offers.list_ended_offers(
            session, product_id, since=from_ms(start), limit=_MOST_ENDED
        )
        question = ChangesQuestion(start, end, offer_id=None, newest_first=True)
        page = PageRequest(_CHANGES, asked.after)
        history = changes.list_changes(session, product_id, question, page).page
        oldest = history.rows[-1].at if history.rows else end
        before = find_standing_before(session, product_id, oldest, known_for=known_for)
    return ProductFacts(
        product=product,
        trend=trend,
        offers=listed.rows,
        has_more_offers=listed.next is not None,
        ended=ended,
        events=tell_events(history.rows, before),
        has_older_events=history.next is not None,
    )

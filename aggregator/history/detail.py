"""Detail: everything that the polls of one product saw over a stretch of time."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

#: Stands for the stock of an offer that is not listed.
NOT_LISTED = -1


class OfferState(NamedTuple):
    """What one offer was at an instant, and since when."""

    price: int
    items_in_stock: int
    changed_at: int
    """The poll that last saw another price, another stock, or the offer's return."""

    @property
    def is_buyable(self) -> bool:
        """Tell whether a shopper could have bought it."""
        return self.items_in_stock > 0


class Change(NamedTuple):
    """One offer's new state from an instant on; price and stock are None where it ended."""

    at: int
    offer_id: UUID
    price: int | None
    items_in_stock: int | None


#: A change without its offer: instant, price and stock as in :class:`Change`.
Told = tuple[int, int | None, int | None]


class Event(NamedTuple):
    """A change, and what kind of change it was: ``listed``, ``changed`` or ``ended``."""

    at: int
    offer_id: UUID
    price: int | None
    items_in_stock: int | None
    event: str


#: The listed offers by id.
Listing = Mapping[UUID, OfferState]


@dataclass(frozen=True, slots=True)
class Detail:
    """What polls saw in ``[start, end)``: a table of offers by instants.

    Column 0 of ``prices`` and ``stocks`` is the state before the first poll of the stretch,
    column ``k`` the state from ``instants[k - 1]`` on. Where an offer is not listed, its stock is
    :data:`NOT_LISTED` and its price that of the column before (0 in column 0).
    """

    start: int
    end: int
    last_poll: int | None
    """The last successful poll before the stretch; None where there was none."""
    polls: Sequence[int]
    """All successful polls of the stretch, in order, also those that changed nothing."""
    instants: Sequence[int]
    """Those polls that changed something, in order."""
    offers: Sequence[UUID]
    """All offers that are listed at any time of the stretch, sorted."""
    prices: Sequence[Sequence[int]]
    """One row an offer."""
    stocks: Sequence[Sequence[int]]
    """One row an offer."""
    changed: Sequence[int]
    """When each offer last changed before the stretch; 0 where it is not listed then."""

    def last_poll_at(self, instant: int) -> int | None:
        """Return the last successful poll at or before an instant; None where there was none."""
        n_before = bisect_right(self.polls, instant)
        return self.polls[n_before - 1] if n_before else self.last_poll

    def listing_at(self, instant: int) -> dict[UUID, OfferState]:
        """Return the listed offers as the last poll at or before an instant saw them."""
        return self._listing(bisect_right(self.instants, instant))

    def closing(self) -> dict[UUID, OfferState]:
        """Return the listed offers as the last poll of the stretch saw them."""
        return self._listing(len(self.instants))

    def events(self) -> Iterator[Event]:
        """Yield every change, oldest first, those of one instant by offer."""
        rows = list(zip(self.offers, self.prices, self.stocks, strict=True))
        for k, at in enumerate(self.instants, start=1):
            for offer_id, prices, stocks in rows:
                if stocks[k] == stocks[k - 1] and prices[k] == prices[k - 1]:
                    continue
                if stocks[k] == NOT_LISTED:
                    yield Event(at, offer_id, None, None, "ended")
                else:
                    event = "listed" if stocks[k - 1] == NOT_LISTED else "changed"
                    yield Event(at, offer_id, prices[k], stocks[k], event)

    def _listing(self, column: int) -> dict[UUID, OfferState]:
        return {
            offer_id: OfferState(
                self.prices[i][column], self.stocks[i][column], self._changed_at(i, column)
            )
            for i, offer_id in enumerate(self.offers)
            if self.stocks[i][column] != NOT_LISTED
        }

    def _changed_at(self, i: int, column: int) -> int:
        prices, stocks = self.prices[i], self.stocks[i]
        for k in range(column, 0, -1):
            if prices[k] != prices[k - 1] or stocks[k] != stocks[k - 1]:
                return self.instants[k - 1]
        return self.changed[i]


def make_detail(
    start: int,
    end: int,
    *,
    opening: Listing,
    last_poll: int | None,
    polls: Sequence[int],
    changes: Iterable[Change],
) -> Detail:
    """Return the detail of a stretch.

    :param opening: the listed offers before the first poll of the stretch.
    :param last_poll: the last successful poll before the stretch.
    :param polls: all successful polls of the stretch, in order.
    :param changes: all changes of the stretch, oldest first; each at one of the polls.
    """
    told: dict[UUID, list[Told]] = defaultdict(list)
    for at, offer_id, price, items_in_stock in changes:
        told[offer_id].append((at, price, items_in_stock))
    return make_detail_by_offer(
        start, end, opening=opening, last_poll=last_poll, polls=polls, told=told
    )


def make_detail_by_offer(
    start: int,
    end: int,
    *,
    opening: Listing,
    last_poll: int | None,
    polls: Sequence[int],
    told: Mapping[UUID, Sequence[Told]],
) -> Detail:
    """Return the detail of a stretch, as :func:`make_detail` does.

    :param told: the changes of each offer that has any, oldest first.
    """
    instants = sorted({at for changes in told.values() for at, _, _ in changes})
    column = {at: k for k, at in enumerate(instants, start=1)}
    offers = sorted(opening.keys() | told.keys())
    prices, stocks = [], []
    for offer_id in offers:
        price_row, stock_row = _rows(opening.get(offer_id), told.get(offer_id, ()), column)
        prices.append(price_row)
        stocks.append(stock_row)
    changed = [opening[id_].changed_at if id_ in opening else 0 for id_ in offers]
    return Detail(start, end, last_poll, polls, instants, offers, prices, stocks, changed)


def _rows(
    opening: OfferState | None, changes: Sequence[Told], column: Mapping[int, int]
) -> tuple[list[int], list[int]]:
    """Return one offer's prices and stocks, column by column.

    :param column: by instant, from 1 on.
    """
    price, stock = (opening.price, opening.items_in_stock) if opening else (0, NOT_LISTED)
    prices, stocks = [], []
    begin = 0
    for at, new_price, new_stock in changes:
        n_same = column[at] - begin
        prices += [price] * n_same
        stocks += [stock] * n_same
        begin += n_same
        price = price if new_price is None else new_price
        stock = NOT_LISTED if new_stock is None else new_stock
    n_same = len(column) + 1 - begin
    prices += [price] * n_same
    stocks += [stock] * n_same
    return prices, stocks

"""Aggregates: one price out of all offers that are buyable at an instant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf
from uuid import UUID

from aggregator.history.bars import Steps, Value
from aggregator.history.detail import Detail, Listing

#: Prices of the buyable offers at one instant, in no order.
Prices = Sequence[int | float]


def _mean(prices: Prices) -> Value:
    return sum(prices) / len(prices) if prices else None


def _median(prices: Prices) -> Value:
    if not prices:
        return None
    ranked, middle = sorted(prices), len(prices) // 2
    if len(prices) % 2:
        return ranked[middle]
    return (ranked[middle - 1] + ranked[middle]) / 2


#: Those that have to look at all prices. The third is ``best``, the lowest price.
_OF_ALL: dict[str, Callable[[Prices], Value]] = {"mean": _mean, "median": _median}
BEST = "best"
AGGREGATES = (BEST, *_OF_ALL)


def aggregate_steps(detail: Detail, aggregate: str) -> Steps:
    """Return an aggregate as a step function from the start of the detail on."""
    rows = [
        [price if stock > 0 else inf for price, stock in zip(prices, stocks, strict=True)]
        for prices, stocks in zip(detail.prices, detail.stocks, strict=True)
    ]
    columns: Iterable[tuple[float, ...]] = zip(*rows, strict=True) if rows else [()]
    if aggregate == BEST:
        values = [min(column, default=inf) for column in columns]
        return _steps(detail, [None if value == inf else value for value in values])
    combine = _OF_ALL[aggregate]
    return _steps(detail, [combine([p for p in column if p != inf]) for column in columns])


def offer_steps(detail: Detail, offer_id: UUID) -> Steps:
    """Return one offer's price as a step function: None where it is not buyable."""
    if offer_id not in detail.offers:
        return Steps([detail.start], [None])
    i = detail.offers.index(offer_id)
    row = zip(detail.prices[i], detail.stocks[i], strict=True)
    return _steps(detail, [price if stock > 0 else None for price, stock in row])


def aggregate_of(listing: Listing, aggregate: str) -> Value:
    """Return an aggregate of the offers listed at one instant."""
    prices = [offer.price for offer in listing.values() if offer.is_buyable]
    if aggregate == BEST:
        return min(prices, default=None)
    return _OF_ALL[aggregate](prices)


def best_offer(listing: Listing) -> UUID | None:
    """Return the cheapest buyable offer, of several the one with the smallest id."""
    buyable = [(offer.price, id_) for id_, offer in listing.items() if offer.is_buyable]
    return min(buyable)[1] if buyable else None


def _steps(detail: Detail, values: Sequence[Value]) -> Steps:
    """Return values by column as a step function."""
    if detail.instants and detail.instants[0] == detail.start:
        # A poll at the very start leaves the opening state no time.
        return Steps(detail.instants, values[1:])
    return Steps([detail.start, *detail.instants], values)

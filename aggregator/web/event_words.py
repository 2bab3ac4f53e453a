"""What happened to an offer, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from aggregator.history.detail import Event, Listing, OfferState
from aggregator.web.shown import number, price


class ToldEvent(NamedTuple):
    """A change, and what it was in words."""

    at: int
    offer_id: UUID
    words: str


def tell_events(newest_first: Sequence[Event], before: Listing) -> list[ToldEvent]:
    """Return changes with what they were in words, in their order.

    :param before: the listed offers as they stood before the oldest of the changes.
    """
    standing = dict(before)
    told = []
    for event in reversed(newest_first):
        words = tell_event(event, standing.get(event.offer_id))
        told.append(ToldEvent(event.at, event.offer_id, words))
        if event.price is None or event.items_in_stock is None:
            standing.pop(event.offer_id, None)
        else:
            standing[event.offer_id] = OfferState(event.price, event.items_in_stock, event.at)
    return told[::-1]


def tell_event(event: Event, before: OfferState | None) -> str:
    """Return what a change was: ``listed at 950``, ``950 → 920, sold out``, ``ended``.

    :param before: what the offer was; None where that is not known, or where it was not listed.
    """
    if event.price is None or event.items_in_stock is None:
        return "ended" if before is None else f"ended, last at {price(before.price)}"
    if before is None:
        verb = "listed at" if event.event == "listed" else "now"
        return f"{verb} {price(event.price)}, {_in_stock(event.items_in_stock)}"
    told = []
    if event.price != before.price:
        told.append(f"{price(before.price)} → {price(event.price)}")
    if event.items_in_stock != before.items_in_stock:
        told.append(_stock_moved(before.items_in_stock, event.items_in_stock))
    return ", ".join(told)


def _in_stock(items: int) -> str:
    return f"{number(items)} in stock" if items else "sold out"


def _stock_moved(old: int, new: int) -> str:
    if new == 0:
        return "sold out"
    return (
        f"back with {number(new)} in stock" if old == 0 else f"stock {number(old)} → {number(new)}"
    )

"""What a new offer list means, given what is stored. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from aggregator.offers_wire import RemoteOffer, Snapshot


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between the stored state and a snapshot, each part sorted by id."""

    listed: tuple[RemoteOffer, ...]
    """New or returned."""
    changed: tuple[RemoteOffer, ...]
    """Listed before, now with another price or stock."""
    ended: tuple[UUID, ...]
    """Listed before, now gone."""
    best_price: int | None
    """The lowest price of a buyable offer afterwards; None where nothing is buyable."""
    offers_count: int
    """How many offers are buyable afterwards."""


def reconcile(stored: Mapping[UUID, RemoteOffer], snapshot: Snapshot) -> Changes:
    """Compare the listed offers that are stored with a snapshot of the same product.

    An offer that the snapshot shows in an unreadable way keeps its stored state: what is
    not known is neither a change nor an end. An item without a readable id may be any of the
    offers that seem to be gone, so all of these keep theirs.

    :param stored: the listed offers by id.
    """
    present = {offer.id: offer for offer in snapshot.offers}
    unknown = {item.id for item in snapshot.invalid}
    kept = {
        id_: offer
        for id_, offer in stored.items()
        if id_ in unknown or (None in unknown and id_ not in present)
    }
    after = kept | {id_: offer for id_, offer in present.items() if id_ not in unknown}
    buyable = [offer.price for offer in after.values() if offer.items_in_stock > 0]
    return Changes(
        listed=_sorted(offer for id_, offer in after.items() if id_ not in stored),
        changed=_sorted(o for id_, o in after.items() if id_ in stored and stored[id_] != o),
        ended=tuple(sorted(stored.keys() - after.keys())),
        best_price=min(buyable, default=None),
        offers_count=len(buyable),
    )


def _sorted(offers: Iterable[RemoteOffer]) -> tuple[RemoteOffer, ...]:
    return tuple(sorted(offers, key=lambda offer: offer.id))

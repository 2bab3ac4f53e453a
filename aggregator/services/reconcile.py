"""What a new offer list means, given what is stored. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
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
    after = {offer.id: offer for offer in snapshot.offers}
    if snapshot.invalid:
        after = _keep_unknown(stored, after, {item.id for item in snapshot.invalid})
    buyable = [offer.price for offer in after.values() if offer.items_in_stock > 0]
    listed, changed = [], []
    for id_, offer in after.items():
        if (before := stored.get(id_)) is None:
            listed.append(offer)
        elif before != offer:
            changed.append(offer)
    return Changes(
        listed=_sorted(listed),
        changed=_sorted(changed),
        ended=tuple(sorted(id_ for id_ in stored if id_ not in after)),
        best_price=min(buyable, default=None),
        offers_count=len(buyable),
    )


def _keep_unknown(
    stored: Mapping[UUID, RemoteOffer],
    present: Mapping[UUID, RemoteOffer],
    unknown: Set[UUID | None],
) -> dict[UUID, RemoteOffer]:
    """Return what is listed afterwards where some items say nothing usable."""
    kept = {
        id_: offer
        for id_, offer in stored.items()
        if id_ in unknown or (None in unknown and id_ not in present)
    }
    return kept | {id_: offer for id_, offer in present.items() if id_ not in unknown}


def _sorted(offers: Iterable[RemoteOffer]) -> tuple[RemoteOffer, ...]:
    # A UUID compares in Python; its number at once.
    return tuple(sorted(offers, key=lambda offer: offer.id.int))

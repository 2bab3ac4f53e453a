"""Details made of the snapshots that polls saw, and random ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

from hypothesis import strategies as st

from aggregator.history.bars import MS_PER_HOUR
from aggregator.history.detail import Change, Detail, Listing, OfferState, make_detail

A, B, C = (UUID(int=n) for n in (1, 2, 3))
LARGEST = 2**63 - 1
MINUTE = 60_000

#: Price and stock of each listed offer.
Snapshot = Mapping[UUID, tuple[int, int]]

prices = st.integers(0, 300) | st.integers(0, LARGEST)
stocks = st.sampled_from([0, 1, LARGEST])
snapshots: st.SearchStrategy[Snapshot] = st.dictionaries(
    st.sampled_from([A, B, C]), st.tuples(prices, stocks)
)


def detail_of(
    polls: Mapping[int, Snapshot],
    *,
    start: int = 0,
    end: int = MS_PER_HOUR,
    opening: Listing | None = None,
    last_poll: int | None = None,
) -> Detail:
    """Return the detail of a stretch in which polls saw these snapshots.

    :param polls: by instant, in order.
    :param opening: the listed offers before; nothing where it is not given.
    """
    return make_detail(
        start,
        end,
        opening=opening or {},
        last_poll=last_poll,
        polls=list(polls),
        changes=list(_changes(polls, figures(opening or {}))),
    )


def figures(listing: Listing) -> Snapshot:
    """Return a listing without since when its offers are what they are."""
    return {id_: (offer.price, offer.items_in_stock) for id_, offer in listing.items()}


def listing(snapshot: Snapshot, changed_at: int = 0) -> Listing:
    """Return a snapshot's offers as they are since one instant."""
    return {id_: OfferState(*offer, changed_at) for id_, offer in snapshot.items()}


@st.composite
def histories(draw: st.DrawFn) -> dict[int, Snapshot]:
    """Draw polls of one hour, also at its very start and just before its end."""
    at = st.sampled_from([0, 1, MS_PER_HOUR - 1]) | st.integers(0, MS_PER_HOUR - 1)
    return dict(sorted(draw(st.dictionaries(at, snapshots, max_size=8)).items()))


def _changes(polls: Mapping[int, Snapshot], before: Snapshot) -> Iterator[Change]:
    for at, offers in polls.items():
        for id_ in sorted(before.keys() | offers.keys()):
            if before.get(id_) != offers.get(id_):
                price, stock = offers.get(id_, (None, None))
                yield Change(at, id_, price, stock)
        before = offers

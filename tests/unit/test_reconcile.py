"""A snapshot is compared with what is stored: what is new, changed, gone, and what is not known."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.offers_wire import InvalidOffer, RemoteOffer, Snapshot
from aggregator.services.reconcile import Changes, reconcile

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A, B, C, D = (UUID(int=i) for i in range(1, 5))


def _offer(id_: UUID, price: int = 100, stock: int = 5) -> RemoteOffer:
    return RemoteOffer(id_, price, stock)


def _compare(
    stored: list[RemoteOffer],
    offers: list[RemoteOffer],
    invalid: tuple[UUID | None, ...] = (),
) -> Changes:
    unreadable = tuple(InvalidOffer(id_, "reason") for id_ in invalid)
    snapshot = Snapshot(tuple(offers), unreadable, NOW)
    return reconcile({offer.id: offer for offer in stored}, snapshot)


@pytest.mark.parametrize(
    ("stored", "offers", "expected"),
    [
        pytest.param([], [], Changes((), (), (), None, 0), id="nothing-at-all"),
        pytest.param([], [_offer(A)], Changes((_offer(A),), (), (), 100, 1), id="new"),
        pytest.param([_offer(A)], [_offer(A)], Changes((), (), (), 100, 1), id="unchanged"),
        pytest.param(
            [_offer(A)],
            [_offer(A, price=90)],
            Changes((), (_offer(A, price=90),), (), 90, 1),
            id="price",
        ),
        pytest.param(
            [_offer(A)],
            [_offer(A, stock=4)],
            Changes((), (_offer(A, stock=4),), (), 100, 1),
            id="stock",
        ),
        pytest.param(
            [_offer(A)],
            [_offer(A, stock=0)],
            Changes((), (_offer(A, stock=0),), (), None, 0),
            id="sold-out-but-listed",
        ),
        pytest.param(
            [_offer(A, stock=0)],
            [_offer(A)],
            Changes((), (_offer(A),), (), 100, 1),
            id="back-in-stock",
        ),
        pytest.param(
            [],
            [_offer(A, stock=0)],
            Changes((_offer(A, stock=0),), (), (), None, 0),
            id="new-without-stock",
        ),
        pytest.param(
            [_offer(B)],
            [_offer(B), _offer(A)],
            Changes((_offer(A),), (), (), 100, 2),
            id="returned",
        ),
        pytest.param([_offer(A)], [], Changes((), (), (A,), None, 0), id="empty-list-ends-all"),
        pytest.param(
            [_offer(A), _offer(B, price=1)],
            [_offer(A)],
            Changes((), (), (B,), 100, 1),
            id="best-offer-ended",
        ),
        pytest.param(
            [],
            [_offer(A, price=0)],
            Changes((_offer(A, price=0),), (), (), 0, 1),
            id="free-of-charge",
        ),
        pytest.param(
            [],
            [_offer(A, price=1, stock=0), _offer(B, price=9)],
            Changes((_offer(A, price=1, stock=0), _offer(B, price=9)), (), (), 9, 1),
            id="cheapest-is-sold-out",
        ),
    ],
)
def test_difference_is_found(
    stored: list[RemoteOffer], offers: list[RemoteOffer], expected: Changes
) -> None:
    assert _compare(stored, offers) == expected


@pytest.mark.parametrize(
    ("stored", "offers", "invalid", "expected"),
    [
        pytest.param(
            [_offer(A)], [], (A,), Changes((), (), (), 100, 1), id="known-keeps-its-state"
        ),
        pytest.param([], [], (A,), Changes((), (), (), None, 0), id="unknown-is-ignored"),
        pytest.param([_offer(A)], [], (None,), Changes((), (), (), 100, 1), id="without-an-id"),
        pytest.param(
            [_offer(A), _offer(B)],
            [_offer(B, price=5)],
            (None,),
            Changes((), (_offer(B, price=5),), (), 5, 2),
            id="without-an-id-beside-a-readable-one",
        ),
        pytest.param(
            [_offer(A)],
            [_offer(A, price=1)],
            (A,),
            Changes((), (), (), 100, 1),
            id="also-listed-readably",
        ),
        pytest.param(
            [], [_offer(A)], (A,), Changes((), (), (), None, 0), id="new-and-contradictory"
        ),
        pytest.param(
            [_offer(A, price=7), _offer(B)],
            [_offer(C, price=8)],
            (A,),
            Changes((_offer(C, price=8),), (), (B,), 7, 2),
            id="others-go-on",
        ),
    ],
)
def test_unreadable_offer_is_neither_changed_nor_ended(
    stored: list[RemoteOffer],
    offers: list[RemoteOffer],
    invalid: tuple[UUID | None, ...],
    expected: Changes,
) -> None:
    assert _compare(stored, offers, invalid) == expected


def test_each_part_is_sorted_by_id() -> None:
    changes = _compare(
        [_offer(UUID(int=i)) for i in (14, 13, 12, 11)],
        [_offer(B), _offer(A), _offer(UUID(int=12), price=1), _offer(UUID(int=11), price=2)],
    )
    assert [offer.id.int for offer in changes.listed] == [1, 2]
    assert [offer.id.int for offer in changes.changed] == [11, 12]
    assert [id_.int for id_ in changes.ended] == [13, 14]


ids = st.sampled_from([A, B, C, D])
listings = st.dictionaries(ids, st.tuples(st.integers(0, 2), st.integers(0, 2))).map(
    lambda listed: {id_: RemoteOffer(id_, *figures) for id_, figures in listed.items()}
)


@given(stored=listings, present=listings, invalid=st.sets(ids))
def test_changes_turn_the_stored_state_into_the_snapshot(
    stored: dict[UUID, RemoteOffer], present: dict[UUID, RemoteOffer], invalid: set[UUID]
) -> None:
    changes = _compare(list(stored.values()), list(present.values()), tuple(invalid))
    after = stored | {offer.id: offer for offer in (*changes.listed, *changes.changed)}
    for id_ in changes.ended:
        del after[id_]
    readable = {id_: offer for id_, offer in present.items() if id_ not in invalid}
    assert after == {id_: o for id_, o in stored.items() if id_ in invalid} | readable
    prices = [offer.price for offer in after.values() if offer.items_in_stock]
    assert (changes.best_price, changes.offers_count) == (min(prices, default=None), len(prices))


@given(stored=listings)
def test_same_snapshot_again_changes_nothing(stored: dict[UUID, RemoteOffer]) -> None:
    changes = _compare(list(stored.values()), list(stored.values()))
    assert (changes.listed, changes.changed, changes.ended) == ((), (), ())

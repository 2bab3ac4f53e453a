"""A detail tells what every poll of a stretch saw, and since when."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.history.detail import NOT_LISTED, Change, Event, OfferState, make_detail
from tests.unit.history.snapshots import (
    LARGEST,
    MINUTE,
    A,
    B,
    C,
    Snapshot,
    detail_of,
    figures,
    histories,
    listing,
    snapshots,
)

EVENTFUL: dict[int, Snapshot] = {
    10: {A: (5, 1), B: (7, 0)},
    20: {A: (5, 1), B: (7, 0)},
    30: {B: (7, 2)},
    40: {A: (5, 1), B: (6, 2)},
}
OPENING = {A: OfferState(5, 1, -90), C: OfferState(9, 9, -70)}


def test_every_change_is_told_in_its_order_and_by_its_kind() -> None:
    assert list(detail_of(EVENTFUL).events()) == [
        Event(10, A, 5, 1, "listed"),
        Event(10, B, 7, 0, "listed"),
        Event(30, A, None, None, "ended"),
        Event(30, B, 7, 2, "changed"),
        Event(40, A, 5, 1, "listed"),
        Event(40, B, 6, 2, "changed"),
    ]


def test_offers_of_one_instant_come_sorted_however_they_were_given() -> None:
    offers = [UUID(int=2**n * 7 % 1009) for n in range(100)]
    changes = [Change(1, id_, 5, 5) for id_ in offers]
    detail = make_detail(0, 9, opening={}, last_poll=None, polls=[1], changes=changes)
    assert [event.offer_id for event in detail.events()] == sorted(offers)
    assert list(detail.offers) == sorted(offers)


def test_poll_that_changed_nothing_is_a_poll_but_no_event() -> None:
    detail = detail_of(EVENTFUL)
    assert list(detail.polls) == [10, 20, 30, 40]
    assert list(detail.instants) == [10, 30, 40]
    assert detail.last_poll_at(29) == 20


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (0, {}),
        (9, {}),
        (10, {A: (5, 1, 10), B: (7, 0, 10)}),
        (20, {A: (5, 1, 10), B: (7, 0, 10)}),
        (29, {A: (5, 1, 10), B: (7, 0, 10)}),
        (30, {B: (7, 2, 30)}),
        (39, {B: (7, 2, 30)}),
        pytest.param(40, {A: (5, 1, 40), B: (6, 2, 40)}, id="return-with-the-same-figures"),
        (10**9, {A: (5, 1, 40), B: (6, 2, 40)}),
    ],
)
def test_listing_is_what_the_last_poll_saw_and_since_when(
    instant: int, expected: dict[object, tuple[int, int, int]]
) -> None:
    assert detail_of(EVENTFUL).listing_at(instant) == expected


def test_offers_keep_what_they_are_since_before_the_stretch() -> None:
    detail = detail_of({20: {A: (5, 1), C: (9, 8)}, 30: {A: (5, 1)}}, opening=OPENING)
    assert detail.listing_at(19) == OPENING
    assert detail.listing_at(20) == {A: OfferState(5, 1, -90), C: OfferState(9, 8, 20)}
    assert detail.closing() == {A: OfferState(5, 1, -90)}


def test_poll_at_the_very_start_is_seen_at_the_start() -> None:
    detail = detail_of({0: {A: (6, 1)}}, opening=OPENING, last_poll=-60)
    assert detail.listing_at(0) == {A: OfferState(6, 1, 0)}
    assert detail.listing_at(-1) == OPENING
    assert detail.last_poll_at(0) == 0
    assert [event.at for event in detail.events()] == [0, 0]


@pytest.mark.parametrize(
    ("instant", "expected"),
    [(-1, -60), (0, -60), (9, -60), (10, 10), (19, 10), (20, 20), (40, 40), (99, 40)],
)
def test_last_poll_is_the_one_at_or_before(instant: int, expected: int) -> None:
    assert detail_of(EVENTFUL, last_poll=-60).last_poll_at(instant) == expected


def test_before_all_polls_there_is_no_last_one() -> None:
    detail = detail_of(EVENTFUL)
    assert detail.last_poll_at(9) is None
    assert detail.listing_at(9) == {}


def test_stretch_without_polls_stays_as_it_began() -> None:
    detail = detail_of({}, opening=OPENING, last_poll=-60)
    assert detail.listing_at(0) == detail.listing_at(5 * MINUTE) == detail.closing() == OPENING
    assert detail.last_poll_at(5 * MINUTE) == -60
    assert list(detail.events()) == []


def test_table_carries_the_price_of_an_offer_that_is_not_listed() -> None:
    detail = detail_of({10: {A: (6, 1)}, 20: {}, 30: {A: (8, 2), B: (3, 0)}})
    assert [list(row) for row in detail.prices] == [[0, 6, 6, 8], [0, 0, 0, 3]]
    n = NOT_LISTED
    assert [list(row) for row in detail.stocks] == [[n, 1, n, 2], [n, n, n, 0]]
    assert list(detail.changed) == [0, 0]


def test_largest_figures_are_kept() -> None:
    detail = detail_of({10: {A: (LARGEST, LARGEST)}, 20: {A: (0, 0)}, 30: {A: (LARGEST, 0)}})
    assert [(event.price, event.items_in_stock) for event in detail.events()] == [
        (LARGEST, LARGEST),
        (0, 0),
        (LARGEST, 0),
    ]


@given(polls=histories(), before=snapshots)
def test_every_snapshot_can_be_seen_again(polls: dict[int, Snapshot], before: Snapshot) -> None:
    detail = detail_of(polls, opening=listing(before, -5), last_poll=-5)
    seen, observed_at = before, -5
    for at, offers in polls.items():
        assert figures(detail.listing_at(at - 1)) == seen
        assert detail.last_poll_at(at - 1) == observed_at
        assert figures(detail.listing_at(at)) == offers
        assert detail.last_poll_at(at) == at
        seen, observed_at = offers, at
    assert figures(detail.closing()) == seen


@given(polls=histories(), before=snapshots)
def test_events_are_the_changes_that_it_was_made_of(
    polls: dict[int, Snapshot], before: Snapshot
) -> None:
    opening = listing(before, -5)
    detail = detail_of(polls, opening=opening)
    changes = [Change(*event[:4]) for event in detail.events()]
    again = make_detail(
        0, detail.end, opening=opening, last_poll=None, polls=list(polls), changes=changes
    )
    assert again == detail


@given(data=st.data(), polls=histories(), before=snapshots)
def test_two_stretches_tell_what_one_over_both_tells(
    data: st.DataObject, polls: dict[int, Snapshot], before: Snapshot
) -> None:
    cut = data.draw(st.sampled_from([1, *polls]) | st.integers(1, 60 * MINUTE))
    whole = detail_of(polls, opening=listing(before, -5), last_poll=-5)
    first = detail_of(
        {at: seen for at, seen in polls.items() if at < cut},
        end=cut,
        opening=listing(before, -5),
        last_poll=-5,
    )
    second = detail_of(
        {at: seen for at, seen in polls.items() if at >= cut},
        start=cut,
        opening=first.closing(),
        last_poll=first.last_poll_at(cut),
    )
    assert [*first.events(), *second.events()] == list(whole.events())
    for at in [cut, *polls]:
        told = second if at >= cut else first
        assert told.listing_at(at) == whole.listing_at(at)
        assert told.last_poll_at(at) == whole.last_poll_at(at)

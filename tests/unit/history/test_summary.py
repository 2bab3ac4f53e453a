"""The summary of an hour keeps what can be asked of it once its detail is gone."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given

from aggregator.history.aggregates import AGGREGATES, BEST, best_offer, offer_steps
from aggregator.history.bars import MS_PER_HOUR, Bar, Stretches, Value, make_bars
from aggregator.history.detail import OfferState
from aggregator.history.landmarks import NO_LANDMARKS, Landmarks, Mark, find_landmarks
from aggregator.history.offer_hours import OfferHours
from aggregator.history.summary import summarise
from tests.unit.history.snapshots import (
    MINUTE,
    A,
    B,
    C,
    Snapshot,
    detail_of,
    histories,
    listing,
    snapshots,
)
from tests.unit.history.steps import knowledge

WHOLE_HOUR = [(0, MS_PER_HOUR)]
#: A is there at first and comes back sold out, B comes later.
EVENTFUL: dict[int, Snapshot] = {
    10 * MINUTE: {A: (100, 1)},
    20 * MINUTE: {A: (100, 1), B: (90, 1)},
    40 * MINUTE: {B: (120, 1)},
    50 * MINUTE: {A: (60, 0), B: (120, 1)},
}


def test_figures_of_the_best_price() -> None:
    summary = summarise(detail_of(EVENTFUL), [(10 * MINUTE, MS_PER_HOUR)])
    bar, landmarks = summary.aggregates[BEST]
    assert (bar.open, bar.close, bar.low, bar.high) == (None, 120, 90, 120)
    assert (bar.known_ms, bar.priced_ms) == (50 * MINUTE, 50 * MINUTE)
    assert bar.average == Fraction(10 * 100 + 20 * 90 + 20 * 120, 50)
    assert landmarks == Landmarks(
        first=Mark(10 * MINUTE, 100),
        last=Mark(MS_PER_HOUR, 120),
        low=Mark(20 * MINUTE, 90, B),
        high=Mark(40 * MINUTE, 120, B),
    )


def test_low_and_high_name_the_offer_of_that_very_instant() -> None:
    # Both cost the same in the end, but at the first instant of the low only C did.
    polls = {0: {C: (5, 1)}, 10: {A: (5, 1), C: (5, 1)}, 20: {A: (9, 1), B: (9, 1)}}
    landmarks = summarise(detail_of(polls), WHOLE_HOUR).aggregates[BEST].landmarks
    assert (landmarks.low, landmarks.high) == (Mark(0, 5, C), Mark(20, 9, A))


@pytest.mark.parametrize("aggregate", AGGREGATES[1:])
def test_mean_and_median_belong_to_no_offer(aggregate: str) -> None:
    landmarks = summarise(detail_of(EVENTFUL), WHOLE_HOUR).aggregates[aggregate].landmarks
    assert [mark and mark.offer_id for mark in landmarks] == [None] * 4
    assert landmarks.low == Mark(20 * MINUTE, 95)


def test_each_offer_has_its_state_at_both_ends() -> None:
    polls = {0: {A: (1, 1), B: (2, 2)}, MS_PER_HOUR - 1: {B: (2, 3), C: (4, 0)}}
    opening = {A: OfferState(7, 7, -9), B: OfferState(2, 2, -8)}
    hours = summarise(detail_of(polls, opening=opening, last_poll=-5), WHOLE_HOUR).offers
    assert (hours.start, hours.observed_at) == (0, 0)
    assert [(o.offer_id, o.opening, o.closing) for o in hours.offers] == [
        (A, OfferState(1, 1, 0), None),
        (B, OfferState(2, 2, -8), OfferState(2, 3, MS_PER_HOUR - 1)),
        (C, None, OfferState(4, 0, MS_PER_HOUR - 1)),
    ]


@pytest.mark.parametrize("last_poll", [None, -5])
def test_hour_tells_which_poll_its_opening_is_from(last_poll: int | None) -> None:
    detail = detail_of({5: {A: (1, 1)}}, last_poll=last_poll)
    assert summarise(detail, WHOLE_HOUR).offers.observed_at == last_poll


def test_offer_that_was_only_listed_has_no_price() -> None:
    [offer] = summarise(detail_of({0: {A: (1, 0)}}), WHOLE_HOUR).offers.offers
    known = Bar(0, MS_PER_HOUR, None, None, None, None, known_ms=MS_PER_HOUR)
    assert (offer.bar, offer.landmarks) == (known, NO_LANDMARKS)
    assert offer.opening == offer.closing == OfferState(1, 0, 0)


def test_hour_without_offers_is_known_all_the_same() -> None:
    summary = summarise(detail_of({5: {}}, last_poll=-5), WHOLE_HOUR)
    assert summary.offers == OfferHours(0, -5, 5, [])
    for figures in summary.aggregates.values():
        assert (figures.bar.known_ms, figures.bar.priced_ms) == (MS_PER_HOUR, 0)
        assert figures.landmarks == NO_LANDMARKS


@given(polls=histories(), before=snapshots, known=knowledge())
def test_offers_are_summed_up_each_by_itself(
    polls: dict[int, Snapshot], before: Snapshot, known: Stretches
) -> None:
    detail = detail_of(polls, opening=listing(before, -5), last_poll=-5)
    offers = summarise(detail, known).offers.offers
    assert [offer.offer_id for offer in offers] == list(detail.offers)
    for offer in offers:
        steps = offer_steps(detail, offer.offer_id)
        assert [offer.bar] == make_bars(steps, known, [0, MS_PER_HOUR])
        assert offer.landmarks == find_landmarks(steps, 0, MS_PER_HOUR)
        assert offer.opening == detail.listing_at(0).get(offer.offer_id)
        assert offer.closing == detail.closing().get(offer.offer_id)


@given(polls=histories(), before=snapshots, known=knowledge())
def test_best_price_is_never_above_the_others(
    polls: dict[int, Snapshot], before: Snapshot, known: Stretches
) -> None:
    summary = summarise(detail_of(polls, opening=listing(before, -5)), known)
    best, *others = (figures_of(summary.aggregates[name].bar) for name in AGGREGATES)
    for other in others:
        assert [value is None for value in other] == [value is None for value in best]
        pairs = [
            (a, b) for a, b in zip(best, other, strict=True) if a is not None and b is not None
        ]
        assert all(float(a) <= float(b) * (1 + 1e-12) for a, b in pairs)


def figures_of(bar: Bar) -> list[Value]:
    """Return the prices of a bar."""
    return [bar.open, bar.close, bar.low, bar.high, bar.integral]


@given(polls=histories(), before=snapshots)
def test_low_and_high_belong_to_the_best_offer_of_their_instant(
    polls: dict[int, Snapshot], before: Snapshot
) -> None:
    detail = detail_of(polls, opening=listing(before, -5))
    landmarks = summarise(detail, WHOLE_HOUR).aggregates[BEST].landmarks
    marks = [mark for mark in (landmarks.low, landmarks.high) if mark]
    for mark in marks:
        listed = detail.listing_at(mark.at)
        assert mark.offer_id == best_offer(listed)
        assert mark.offer_id
        assert listed[mark.offer_id].price == mark.value

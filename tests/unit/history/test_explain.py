"""A change of the best price is made of offers that left, that came, and of new prices."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given

from aggregator.history.aggregates import BEST, aggregate_of
from aggregator.history.explain import Explanation, LikeForLike, explain
from tests.unit.history.snapshots import LARGEST, A, B, C, Snapshot, listing, snapshots


@pytest.mark.parametrize(
    ("start", "end", "explanation", "like_for_like"),
    [
        pytest.param(
            {A: (100, 9), B: (120, 9), C: (150, 9)},
            {B: (110, 9), C: (150, 9), A: (105, 0)},
            Explanation(20, -10, 0, 0),
            LikeForLike(2, Fraction(-1000, 270)),
            id="sold-out-is-gone",
        ),
        pytest.param(
            {A: (100, 9)},
            {B: (130, 9)},
            Explanation(None, None, None, 30),
            None,
            id="4",
        ),
        pytest.param(
            {A: (100, 9), B: (50, 0)},
            {A: (100, 0), B: (50, 9)},
            Explanation(None, None, None, -50),
            None,
            id="replaced-by-stock",
        ),
        pytest.param(
            {A: (100, 9)},
            {A: (100, 1)},
            Explanation(0, 0, 0, 0),
            LikeForLike(1, Fraction(0)),
            id="nothing-moved",
        ),
        pytest.param(
            {A: (0, 9), B: (0, 9)},
            {A: (0, 9), B: (7, 9)},
            Explanation(0, 0, 0, 0),
            LikeForLike(2, None),
            id="sum-of-zero",
        ),
        pytest.param(
            {A: (LARGEST, 9), B: (LARGEST, 9)},
            {A: (LARGEST, 9), B: (LARGEST - 1, 9)},
            Explanation(0, -1, 0, 0),
            LikeForLike(2, Fraction(-100, 2 * LARGEST)),
            id="largest",
        ),
    ],
)
def test_explanation(
    start: Snapshot,
    end: Snapshot,
    explanation: Explanation,
    like_for_like: LikeForLike | None,
) -> None:
    assert explain(listing(start), listing(end)) == (explanation, like_for_like)


def test_sellers_cut_while_the_market_rises() -> None:
    # Number 5: D has taken the place of A in the snapshot's order.
    start = {A: (100, 9), B: (120, 9), C: (150, 9)}
    newcomer = type(A)(int=0xD)
    end = {B: (110, 9), C: (150, 9), newcomer: (105, 9)}
    explanation, like_for_like = explain(listing(start), listing(end))
    assert explanation == Explanation(exit=20, repricing=-10, entry=-5, replacement=0)
    assert like_for_like == LikeForLike(2, Fraction(-1000, 270))


@given(start=snapshots, end=snapshots)
def test_parts_sum_to_the_absolute_change(start: Snapshot, end: Snapshot) -> None:
    old, new = (aggregate_of(listing(offers), BEST) for offers in (start, end))
    assume(old is not None and new is not None)
    assert old is not None
    assert new is not None
    explanation, like_for_like = explain(listing(start), listing(end))
    assert sum(part for part in explanation if part is not None) == new - old
    assert (explanation.exit or 0) >= 0 >= (explanation.entry or 0)
    nothing_stayed = like_for_like is None
    assert [part is None for part in explanation] == [nothing_stayed] * 3 + [False]

"""Landmarks: where the remarkable prices of a stretch stand, alone and joined."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given

from aggregator.history.bars import Steps, Value
from aggregator.history.landmarks import (
    NO_LANDMARKS,
    Landmarks,
    Mark,
    find_landmarks,
    join_landmarks,
    point_landmarks,
)
from tests.unit.history.snapshots import LARGEST, A, B
from tests.unit.history.steps import boundaries, pieces, step_functions


def look_closely(steps: Steps, start: int, end: int) -> Landmarks:
    """Return the landmarks of a stretch, found piece by piece."""
    seen = [(a, b, value) for a, b, value, _ in pieces(steps, [], start, end)]
    priced = [(a, b, value) for a, b, value in seen if value is not None]
    if not priced:
        return NO_LANDMARKS
    low, high = min(value for _, _, value in priced), max(value for _, _, value in priced)
    return Landmarks(
        first=Mark(priced[0][0], priced[0][2]),
        last=Mark(priced[-1][1], priced[-1][2]),
        low=next(Mark(a, value) for a, _, value in priced if value == low),
        high=next(Mark(a, value) for a, _, value in priced if value == high),
    )


@pytest.mark.parametrize(
    ("values", "first", "last", "low", "high"),
    [
        pytest.param([5, 5, 5, 5], (10, 5), (50, 5), (10, 5), (10, 5), id="constant"),
        pytest.param([5, 2, 9, 2], (10, 5), (50, 2), (20, 2), (30, 9), id="first-of-two-lows"),
        pytest.param([9, 2, 9, 2], (10, 9), (50, 2), (20, 2), (10, 9), id="first-of-two-highs"),
        pytest.param([None, 4, 3, None], (20, 4), (40, 3), (30, 3), (20, 4), id="late-and-early"),
        pytest.param([7, None, None, 8], (10, 7), (50, 8), (10, 7), (40, 8), id="gone-meanwhile"),
        pytest.param([None, None, 0, None], (30, 0), (40, 0), (30, 0), (30, 0), id="zero"),
        pytest.param([1.5, 1, LARGEST, 2], (10, 1.5), (50, 2), (20, 1), (30, LARGEST), id="huge"),
    ],
)
def test_landmarks_of_a_stretch(
    values: Sequence[Value],
    first: tuple[int, Value],
    last: tuple[int, Value],
    low: tuple[int, Value],
    high: tuple[int, Value],
) -> None:
    found = find_landmarks(Steps([5, 20, 30, 40], values), 10, 50)
    assert [mark and mark[:2] for mark in found] == [first, last, low, high]


@pytest.mark.parametrize("values", [[None, 7, None], [None, None, None]])
def test_stretch_without_a_price_has_none(values: Sequence[Value]) -> None:
    steps = Steps([0, 50, 60], values)
    assert find_landmarks(steps, 10, 50) == NO_LANDMARKS
    assert find_landmarks(steps, 60, 90) == NO_LANDMARKS


def test_stretch_of_one_step_looks_at_no_other() -> None:
    found = find_landmarks(Steps([0, 10, 20], [1, 5, 9]), 10, 20)
    assert found == Landmarks(Mark(10, 5), Mark(20, 5), Mark(10, 5), Mark(10, 5))


@given(steps=step_functions(), limits=boundaries())
def test_landmarks_are_what_a_close_look_finds(steps: Steps, limits: list[int]) -> None:
    start, end = limits[0], limits[-1]
    assert find_landmarks(steps, start, end) == look_closely(steps, start, end)


@given(steps=step_functions(), limits=boundaries())
def test_parts_in_any_order_join_into_the_landmarks_of_the_whole(
    steps: Steps, limits: list[int]
) -> None:
    parts = [find_landmarks(steps, start, end) for start, end in pairwise(limits)]
    random.shuffle(parts)
    assert join_landmarks(parts) == look_closely(steps, limits[0], limits[-1])


@pytest.mark.parametrize("n", [0, 1, 3])
def test_nothing_joined_is_nothing(n: int) -> None:
    assert join_landmarks([NO_LANDMARKS] * n) == NO_LANDMARKS
    assert join_landmarks(iter([NO_LANDMARKS] * n)) == NO_LANDMARKS


def test_instant_is_all_landmarks_of_itself() -> None:
    mark = Mark(7, 3, A)
    assert point_landmarks(mark) == Landmarks(mark, mark, mark, mark)
    assert point_landmarks(None) == NO_LANDMARKS


def test_end_of_a_period_counts() -> None:
    over = find_landmarks(Steps([0, 10], [5, None]), 0, 20)
    joined = join_landmarks([over, point_landmarks(Mark(20, 3, B))])
    assert joined == Landmarks(Mark(0, 5), Mark(20, 3, B), Mark(20, 3, B), Mark(0, 5))


@pytest.mark.parametrize("turn", [1, -1], ids=["offer-first", "offer-last"])
def test_of_equal_marks_the_one_with_an_offer_is_kept(turn: int) -> None:
    named, nameless = (point_landmarks(Mark(7, 3, id_)) for id_ in (A, None))
    assert join_landmarks([named, nameless][::turn]) == named

"""We know from a poll on until it grows stale."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.history.bars import Steps, Stretches
from aggregator.history.known import Gap, is_known, known_steps, known_stretches

GAPS = [Gap(30, 40), Gap(50, 51)]


@pytest.mark.parametrize(
    ("gaps", "stale_after", "expected"),
    [
        pytest.param([], 5, [(10, 105)], id="no-gap"),
        pytest.param([], 0, [(10, 100)], id="of-old-polls-only"),
        pytest.param(GAPS, 5, [(10, 30), (40, 50), (51, 105)], id="gaps"),
        pytest.param([Gap(15, 100)], 5, [(10, 15), (100, 105)], id="gap-until-the-last-poll"),
    ],
)
def test_we_know_between_the_gaps(gaps: list[Gap], stale_after: int, expected: Stretches) -> None:
    assert known_stretches(10, 100, gaps, stale_after=stale_after) == expected


def test_single_poll_is_known_until_it_grows_stale() -> None:
    assert known_stretches(10, 10, [], stale_after=5) == [(10, 15)]


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (9, False),
        (10, True),
        (29, True),
        pytest.param(30, False, id="as-old-as-is-stale"),
        (39, False),
        pytest.param(40, True, id="the-next-poll"),
        (49, True),
        (50, False),
        (51, True),
        (104, True),
        (105, False),
    ],
)
def test_knowledge_begins_with_a_poll_and_ends_before_it_is_stale(
    instant: int, expected: bool
) -> None:
    known = known_stretches(10, 100, GAPS, stale_after=5)
    assert is_known(known, instant) is expected


def test_nothing_is_known_of_nothing() -> None:
    assert not is_known([], 5)


@given(
    polls=st.sets(st.integers(0, 300), min_size=1, max_size=12).map(sorted),
    stale_after=st.integers(1, 60),
)
def test_known_is_where_a_poll_is_young(polls: list[int], stale_after: int) -> None:
    gaps = [Gap(a + stale_after, b) for a, b in pairwise(polls) if b > a + stale_after]
    known = known_stretches(polls[0], polls[-1], gaps, stale_after=stale_after)
    for instant in range(-1, 362):
        young = any(0 <= instant - poll < stale_after for poll in polls)
        assert is_known(known, instant) is young


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([], Steps([], [])),
        ([(0, 40)], Steps([0, 10, 20, 30, 40], [None, 1, None, 3, None])),
        ([(15, 18), (25, 35)], Steps([15, 18, 25, 30, 35], [1, None, None, 3, None])),
        ([(10, 20)], Steps([10, 20], [1, None])),
        ([(50, 60)], Steps([50, 60], [3, None])),
    ],
)
def test_steps_are_nothing_where_we_did_not_know(
    known: list[tuple[int, int]], expected: Steps
) -> None:
    assert known_steps(Steps([10, 20, 30], [1, None, 3]), known) == expected

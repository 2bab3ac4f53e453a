"""Whole sealed hours are read as such, and only the edges in detail."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.history.plan import Piece, ceil_hour, floor_hour, plan_pieces
from tests.unit.history.steps import HOUR

HALF = HOUR // 2
instants = st.integers(-4, 24).map(lambda halves: halves * HALF) | st.integers(-HOUR, 12 * HOUR)


@pytest.mark.parametrize(
    ("instant", "floor", "ceil"),
    [
        (0, 0, 0),
        (1, 0, HOUR),
        (HOUR - 1, 0, HOUR),
        (HOUR, HOUR, HOUR),
        (-1, -HOUR, 0),
        (-HOUR, -HOUR, -HOUR),
    ],
)
def test_hours_begin_in_utc(instant: int, floor: int, ceil: int) -> None:
    assert (floor_hour(instant), ceil_hour(instant)) == (floor, ceil)


@pytest.mark.parametrize(
    ("boundaries", "sealed_until", "expected"),
    [
        pytest.param([0, 4], 9, [(0, 4, 0, True)], id="all-sealed"),
        pytest.param([0, 4], 4, [(0, 4, 0, True)], id="just-sealed"),
        pytest.param([0, 4], 0, [(0, 4, 0, False)], id="nothing-sealed"),
        pytest.param([0, 4], 3, [(0, 3, 0, True), (3, 4, 0, False)], id="partly-sealed"),
        pytest.param(
            [0.5, 3.5],
            9,
            [(0.5, 1, 0, False), (1, 3, 0, True), (3, 3.5, 0, False)],
            id="edges",
        ),
        pytest.param([0.5, 1.5], 9, [(0.5, 1.5, 0, False)], id="no-whole-hour"),
        pytest.param([0.25, 0.5], 9, [(0.25, 0.5, 0, False)], id="within-an-hour"),
        pytest.param(
            [0, 1, 2.5, 4],
            9,
            [
                (0, 1, 0, True),
                (1, 2, 1, True),
                (2, 2.5, 1, False),
                (2.5, 3, 2, False),
                (3, 4, 2, True),
            ],
            id="several-buckets",
        ),
    ],
)
def test_pieces(
    boundaries: Sequence[float],
    sealed_until: float,
    expected: Sequence[tuple[float, float, int, bool]],
) -> None:
    in_ms = [int(at * HOUR) for at in boundaries]
    found = plan_pieces(in_ms, int(sealed_until * HOUR))
    assert [(p.start / HOUR, p.end / HOUR, p.bucket, p.hourly) for p in found] == expected


@given(
    boundaries=st.sets(instants, min_size=2, max_size=9).map(sorted),
    sealed_until=st.integers(-1, 13).map(lambda hours: hours * HOUR),
)
def test_pieces_cover_their_buckets_and_miss_no_sealed_hour(
    boundaries: list[int], sealed_until: int
) -> None:
    pieces = list(plan_pieces(boundaries, sealed_until))
    assert (pieces[0].start, pieces[-1].end) == (boundaries[0], boundaries[-1])
    assert all(before.end == after.start for before, after in pairwise(pieces))
    hours = set()
    for piece in pieces:
        start, end = boundaries[piece.bucket : piece.bucket + 2]
        assert start <= piece.start < piece.end <= end
        hours |= {at for at in range(piece.start, piece.end, HOUR) if piece.hourly}
        assert not piece.hourly or is_of_sealed_hours(piece, sealed_until)
    assert hours == {
        hour
        for start, end in pairwise(boundaries)
        for hour in range(-2 * HOUR, 13 * HOUR, HOUR)
        if start <= hour and hour + HOUR <= min(end, sealed_until)
    }


def is_of_sealed_hours(piece: Piece, sealed_until: int) -> bool:
    """Tell whether a piece consists of whole hours that are sealed."""
    return piece.start % HOUR == piece.end % HOUR == 0 and piece.end <= sealed_until

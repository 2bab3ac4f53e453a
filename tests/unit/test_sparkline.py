"""Sparklines: blocks between low and high, gaps and dots, and no more of them than fit."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.cli.sparkline import draw_sparkline
from aggregator.history.bars import Bar, Value
from tests.unit.made_trends import MINUTE, make_bar


def make_bars(values: Sequence[Value]) -> list[Bar]:
    """Return neighbouring bars of these prices."""
    return [make_bar(value, start=i * MINUTE) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        pytest.param([0, 1, 2, 3, 4, 5, 6, 7, 8], "0 ▁▂▃▄▅▆▇██ 8", id="each-block"),
        pytest.param([1_000, 2_000], "1,000 ▁█ 2,000", id="thousands"),
        pytest.param([5, 5, 5], "5 ▄▄▄ 5", id="flat-is-in-the-middle"),
        pytest.param([1, None, 2], "1 ▁·█ 2", id="sold-out"),
        pytest.param([0.1, 0.1 + 0.2], "0.1 ▁█ 0.3", id="mean"),
    ],
)
def test_averages_are_drawn_between_low_and_high(values: list[Value], line: str) -> None:
    prices = [value for value in values if value is not None]
    assert draw_sparkline(make_bars(values), min(prices), max(prices), width=80) == line


def test_unknown_is_a_gap_whatever_price_is_carried_over_it() -> None:
    unknown = make_bar(2, start=MINUTE, coverage=0)
    bars = [make_bar(1), unknown, make_bar(3, start=2 * MINUTE)]
    assert draw_sparkline(bars, 1, 3, width=80) == "1 ▁ █ 3"


def test_scale_is_that_of_the_extremes_not_of_the_averages() -> None:
    assert draw_sparkline(make_bars([40, 60]), 0, 100, width=80) == "0 ▄▅ 100"


def test_an_average_a_rounding_error_outside_is_drawn_inside() -> None:
    bars = make_bars([1 - 1e-9, 2 + 1e-9])
    assert draw_sparkline(bars, 1, 2, width=80) == "1 ▁█ 2"


def test_neighbours_share_a_block_where_there_are_too_many() -> None:
    # Five blocks for ten bars; each is the average of its two.
    bars = make_bars([0, 0, 80, 0, 80, 80, None, 80, None, None])
    assert draw_sparkline(bars, 0, 80, width=len("0 ") + 5 + len(" 80")) == "0 ▁▅██· 80"


@given(n=st.integers(1, 300), width=st.integers(1, 200))
def test_line_is_as_wide_as_allowed_or_as_there_are_bars(n: int, width: int) -> None:
    line = draw_sparkline(make_bars(range(n)), 0, 9, width=width)
    room = max(width - len("0 ") - len(" 9"), 1)
    assert len(line) == len("0 ") + min(n, room) + len(" 9")
    assert [*line[2:-2]] == sorted(line[2:-2])

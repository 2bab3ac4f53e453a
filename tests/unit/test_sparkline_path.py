"""A sparkline as the path of a drawing."""

from __future__ import annotations

import pytest

from aggregator.history.bars import Steps, Value
from aggregator.web.sparkline import draw_sparkline


def line(steps: dict[int, Value], end: int = 116) -> str:
    """Return the path of a function over as many instants as the drawing is wide."""
    drawing = draw_sparkline(Steps(list(steps), list(steps.values())), 0, end)
    assert drawing
    return drawing.line


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        pytest.param({0: 5}, "M0 16H116", id="level-is-half-way-up"),
        pytest.param({0: 5, 58: 5}, "M0 16H116", id="what-stays-is-one-stroke"),
        pytest.param({0: 1, 58: 3}, "M0 28H58V4H116", id="upright-where-it-changes"),
        pytest.param({0: 3, 29: 2, 58: 1}, "M0 4H29V16H58V28H116", id="by-value"),
        pytest.param({58: 7}, "M58 16H116", id="begins-where-it-begins"),
        pytest.param({0: 1, 29: None, 58: 1, 87: None}, "M0 16H29M58 16H87", id="gaps-are-gaps"),
        pytest.param({0: None, 29: 0, 116: None}, "M29 16H116", id="nothing-is-no-value-but-0-is"),
        pytest.param({0: 1, 200: 9}, "M0 16H116", id="what-comes-later-is-not-seen"),
    ],
)
def test_path_is_level_while_a_price_holds(steps: dict[int, Value], path: str) -> None:
    assert line(steps) == path


def test_line_has_a_dot_where_it_ends_now_alone() -> None:
    now, before = (draw_sparkline(Steps([0, 58], [2, value]), 0, 116) for value in (4, None))
    assert now
    assert before
    assert (now.dot, now.first, now.last) == ("M116 4h0", 2, 4)
    assert (before.dot, before.first, before.last) == ("", 2, 2)


@pytest.mark.parametrize("steps", [Steps([], []), Steps([0, 9], [None, None])])
def test_nothing_is_not_drawn(steps: Steps) -> None:
    assert draw_sparkline(steps, 0, 116) is None


def test_huge_prices_keep_within_the_drawing() -> None:
    huge = 2**63 - 1
    assert line({0: huge, 58: huge - 1}) == "M0 4H58V28H116"

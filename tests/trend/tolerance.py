"""How far the product's answer may be from the reference's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.trend.answer import Question, answer
from tests.trend.reference import DAY, History, Level, Line

#: A unit of an answer's last decimal.
STEP = 1e-4
#: What does not speak of prices.
EXACT = {"seconds", "coverage", "available"}


def like(expected: Any, slack: float) -> Any:
    """Return something that equals what is expected but for errors of rounding."""
    if isinstance(expected, dict):
        return {
            name: value if name in EXACT else like(value, slack) for name, value in expected.items()
        }
    if isinstance(expected, list):
        return [like(item, slack) for item in expected]
    if isinstance(expected, bool) or not isinstance(expected, int | float):
        return expected
    return pytest.approx(expected, rel=2e-9, abs=slack)


def slope_like(exact: float | None, level: Level, uncertain: float) -> Any:
    """Return something that equals a slope but for errors of double precision.

    :param uncertain: how far off the prices may be to begin with.
    """
    if exact is None:
        return None
    # A double tells the instants of a long period less well apart than those of a short one.
    lost = 1e-14 * level.length / level.priced
    return pytest.approx(exact, rel=1e-9 + lost, abs=STEP + uncertain * DAY / level.priced)


def expected_of(product_id: UUID, history: History, question: Question) -> Any:
    """Return the reference's answer, with as much slack as the definition allows."""
    exact = answer(product_id, history, question)
    largest = exact["high"]["value"] or 0
    line = Line(history, question.aggregate, question.offer_id)
    level = Level.of(line, question.start, question.end)
    uncertain = (1e-13 if question.aggregate == "best" else 2e-9) * largest
    slope = {"slope_per_day": slope_like(exact["slope_per_day"], level, uncertain)}
    if question.aggregate == "best":
        return exact | slope
    carried = like(exact, STEP + uncertain)
    carried["change"]["percent"] = like(exact["change"]["percent"], STEP + 2e-7)
    return carried | slope

"""A change is told between two prices, or it is told why there is none."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given

from aggregator.history.bars import Value
from aggregator.history.change import (
    AT_END,
    AT_START,
    FIRST_IN_PERIOD,
    LAST_IN_PERIOD,
    NEAREST,
    STRICT,
    End,
    PriceChange,
    choose_ends,
    compute_change,
    percent,
)
from aggregator.history.landmarks import NO_LANDMARKS, Landmarks, Mark
from tests.unit.history.snapshots import LARGEST, prices

START, END = Mark(0, 10), Mark(100, 40)
FIRST, LAST = Mark(20, 20), Mark(80, 30)
INSIDE = Landmarks(FIRST, LAST, FIRST, LAST)


def change(old: int | float, new: int | float) -> PriceChange:
    """Return the change between two prices at a period's start and end."""
    start, end = End(Mark(0, old), AT_START), End(Mark(9, new), AT_END)
    return compute_change(start, end, observed=True, priced=True)


@pytest.mark.parametrize(
    ("at_start", "at_end", "closed", "endpoints", "start", "end"),
    [
        pytest.param(
            START, END, INSIDE, NEAREST, (START, AT_START), (END, AT_END), id="both-are-there"
        ),
        pytest.param(
            START, END, INSIDE, STRICT, (START, AT_START), (END, AT_END), id="strictly-there"
        ),
        pytest.param(
            None, END, INSIDE, NEAREST, (FIRST, FIRST_IN_PERIOD), (END, AT_END), id="start-inwards"
        ),
        pytest.param(
            START,
            None,
            INSIDE,
            NEAREST,
            (START, AT_START),
            (LAST, LAST_IN_PERIOD),
            id="end-inwards",
        ),
        pytest.param(
            None,
            None,
            INSIDE,
            NEAREST,
            (FIRST, FIRST_IN_PERIOD),
            (LAST, LAST_IN_PERIOD),
            id="both-inwards",
        ),
        pytest.param(None, END, INSIDE, STRICT, None, (END, AT_END), id="no-start"),
        pytest.param(START, None, INSIDE, STRICT, (START, AT_START), None, id="no-end"),
        pytest.param(None, None, NO_LANDMARKS, NEAREST, None, None, id="nothing"),
    ],
)
def test_ends_are_moved_inwards_only_where_asked_to(
    at_start: Mark | None,
    at_end: Mark | None,
    closed: Landmarks,
    endpoints: str,
    start: tuple[Mark, str] | None,
    end: tuple[Mark, str] | None,
) -> None:
    assert choose_ends(at_start, at_end, closed, endpoints) == (start, end)


@pytest.mark.parametrize(
    ("method", "seen_at"),
    [(AT_START, 80), (FIRST_IN_PERIOD, 80), (AT_END, 80), (LAST_IN_PERIOD, 79)],
)
def test_price_is_to_be_seen_until_just_before_its_stretch_ends(method: str, seen_at: int) -> None:
    assert End(LAST, method).seen_at == seen_at


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (100, 90, PriceChange(-10, Fraction(-10), "down", None)),
        (100, 100, PriceChange(0, Fraction(0), "flat", None)),
        (150, 200, PriceChange(50, Fraction(100, 3), "up", None)),
        (3, 2, PriceChange(-1, Fraction(-100, 3), "down", None)),
        (10, 0, PriceChange(-10, Fraction(-100), "down", None)),
        pytest.param(0, 10, PriceChange(10, None, "up", "zero_baseline"), id="from-0"),
        pytest.param(0, 0, PriceChange(0, None, "flat", "zero_baseline"), id="0-to-0"),
        pytest.param(0.0, 0.5, PriceChange(0.5, None, "up", "zero_baseline"), id="mean-from-0"),
        pytest.param(
            2_000_000,
            2_000_001,
            PriceChange(1, Fraction(1, 20_000), "up", None),
            id="direction-before-rounding",
        ),
        pytest.param(
            LARGEST - 1,
            LARGEST,
            PriceChange(1, Fraction(100, LARGEST - 1), "up", None),
            id="beyond-doubles",
        ),
        pytest.param(2.5, 2, PriceChange(-0.5, -20.0, "down", None), id="mean"),
    ],
)
def test_change_between_two_prices(
    old: int | float, new: int | float, expected: PriceChange
) -> None:
    assert change(old, new) == expected


@given(old=prices.filter(bool), new=prices)
def test_percent_takes_the_old_price_to_the_new_one(old: int, new: int) -> None:
    found = change(old, new)
    assert found.percent is not None
    assert old * (1 + Fraction(found.percent) / 100) == new
    assert found.absolute == new - old
    assert found.reason is None


@given(a=prices.filter(bool), b=prices.filter(bool), c=prices)
def test_changes_compose(a: int, b: int, c: int) -> None:
    first, second, whole = (1 + Fraction(percent(*pair)) / 100 for pair in [(a, b), (b, c), (a, c)])
    assert first * second == whole


@pytest.mark.parametrize(
    ("has_start", "has_end", "observed", "priced", "reason"),
    [
        pytest.param(False, False, False, False, "never_observed", id="never-observed"),
        pytest.param(False, False, True, False, "no_price_in_period", id="no-price"),
        pytest.param(False, True, True, True, "no_price_at_start", id="no-start"),
        pytest.param(False, False, True, True, "no_price_at_start", id="neither"),
        pytest.param(True, False, True, True, "no_price_at_end", id="no-end"),
    ],
)
def test_where_there_is_no_change_there_is_a_reason(
    has_start: bool, has_end: bool, observed: bool, priced: bool, reason: str
) -> None:
    start = End(START, AT_START) if has_start else None
    end = End(END, AT_END) if has_end else None
    expected: tuple[Value, ...] = (None, None, None)
    assert compute_change(start, end, observed=observed, priced=priced) == (*expected, reason)

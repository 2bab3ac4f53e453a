"""Numbers are rounded once, half to even, as decimals are rounded on paper."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.history.rounding import Exact, ratio, rounded
from tests.unit.history.snapshots import LARGEST

PLACES = Decimal("0.0001")
#: Numbers of four, five and six decimals: every tenth of the middle ones is a tie.
decimals = st.builds(Fraction, st.integers(-(10**9), 10**9), st.sampled_from([10**4, 10**5, 10**6]))
fractions = decimals | st.builds(Fraction, st.integers(-(10**15), 10**15), st.integers(1, 10**9))


def on_paper(number: Exact) -> Decimal:
    """Return a number rounded in decimals."""
    with localcontext(prec=400):
        numerator, denominator = number.as_integer_ratio()
        # A tie has few digits, so the quotient of one is exact.
        return (Decimal(numerator) / denominator).quantize(PLACES, ROUND_HALF_EVEN)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (None, None),
        (0, 0),
        (7, 7),
        (Fraction(100, 3), 33.3333),
        (Fraction(-100, 3), -33.3333),
        (Fraction(200, 3), 66.6667),
        pytest.param(Fraction(1, 20_000), 0.0, id="tie-to-0"),
        pytest.param(Fraction(3, 20_000), 0.0002, id="tie-to-2"),
        pytest.param(Fraction(5, 20_000), 0.0002, id="tie-to-2-from-above"),
        pytest.param(Fraction(-3, 20_000), -0.0002, id="negative-tie"),
        pytest.param(Fraction(10**9 + 1, 20_000 * 10**9), 0.0001, id="just-above-a-tie"),
        pytest.param(0.00005, 0.0001, id="double-above-a-tie"),
        pytest.param(0.03125, 0.0312, id="double-that-is-a-tie"),
        pytest.param(1e15 + 0.25, 1e15 + 0.25, id="large-double"),
        pytest.param(2**53 + 1, 2**53 + 1, id="whole-beyond-doubles"),
        pytest.param(Fraction(2**53 + 1), 2**53 + 1, id="whole-fraction-beyond-doubles"),
        pytest.param(Fraction(LARGEST), LARGEST, id="largest"),
    ],
)
def test_numbers_have_at_most_four_decimals(
    number: Exact | None, expected: int | float | None
) -> None:
    assert rounded(number) == expected


@pytest.mark.parametrize(
    "number", [-0.0, 0.0, -0.00004, -1e-300, Fraction(-1, 20_000), Fraction(-1, 10**9), Fraction(0)]
)
def test_zero_is_never_negative(number: Exact) -> None:
    found = rounded(number)
    assert found == 0
    assert math.copysign(1, found) == 1


@given(number=fractions | st.floats(-1e12, 1e12) | decimals.map(float))
def test_rounding_is_that_of_decimals(number: Exact) -> None:
    assert rounded(number) == float(on_paper(number))


@given(number=fractions | st.floats(-1e9, 1e9))
def test_what_is_rounded_stays(number: Exact) -> None:
    once = rounded(number)
    assert rounded(once) == once


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (1, 3, Fraction(1, 3)),
        (0, 3, 0),
        (0, 0, None),
        (5, 0, None),
        (0.0, 0, None),
        (0.5, 2, 0.25),
        (LARGEST * 3_600_000, 3_600_000, LARGEST),
    ],
)
def test_ratio_is_exact_where_it_can_be(
    numerator: int | float, denominator: int, expected: Exact | None
) -> None:
    assert ratio(numerator, denominator) == expected

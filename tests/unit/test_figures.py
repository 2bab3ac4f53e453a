"""Figures are grouped, rounded half to even, and never say more than is so."""

from __future__ import annotations

from fractions import Fraction

import pytest

from aggregator.cli.figures import one_decimal, percentage, price, share
from aggregator.history.rounding import Exact


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "0"),
        (999, "999"),
        (17_295, "17,295"),
        (2**63 - 1, "9,223,372,036,854,775,807"),
        (17_295.0, "17,295"),
        (17_295.6667, "17,295.7"),
    ],
)
def test_price(value: int | float, told: str) -> None:
    assert price(value) == told


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (5, "5.0"),
        (Fraction(125, 100), "1.2"),
        (Fraction(135, 100), "1.4"),
        (Fraction(125, 100) + Fraction(1, 10**30), "1.3"),
        (0.25, "0.2"),
        (1234.56, "1,234.6"),
        (-1e-9, "0.0"),
    ],
)
def test_one_decimal_is_rounded_once_and_half_to_even(number: Exact, told: str) -> None:
    assert one_decimal(number) == told


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (Fraction(-42, 10), "4.2 %"),
        (Fraction(100, 3), "33.3 %"),
        (Fraction(5, 100), "by less than 0.1 %"),
        (Fraction(-1, 10**9), "by less than 0.1 %"),
        (0.051, "0.1 %"),
    ],
)
def test_percentage_has_no_sign_and_is_never_zero(number: Exact, told: str) -> None:
    assert percentage(number) == told


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (0, "0 %"),
        (Fraction(1, 1000), "1 %"),
        (Fraction(865, 1000), "86 %"),
        (Fraction(875, 1000), "88 %"),
        (Fraction(9999, 10_000), "99 %"),
        (Fraction(1), "100 %"),
    ],
)
def test_share_is_nothing_or_all_only_where_that_is_so(part: Exact, told: str) -> None:
    assert share(part) == told

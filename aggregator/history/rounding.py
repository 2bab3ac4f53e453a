"""Exact numbers, and rounding them once, where they leave."""

from __future__ import annotations

from fractions import Fraction

#: What is computed exactly is a whole number or a fraction; averages of averages are floats.
Exact = int | float | Fraction

_DECIMALS = 4
_SCALE = 10_000


def ratio(numerator: int | float, denominator: int) -> Exact | None:
    """Return a quotient, exact where the numerator is whole; None where the denominator is 0."""
    if not denominator:
        return None
    if isinstance(numerator, float):
        return numerator / denominator
    return Fraction(numerator, denominator)


def rounded(number: Exact | None) -> int | float | None:
    """Return a number with at most four decimals: half to even, never a negative zero."""
    if number is None or isinstance(number, int):
        return number
    if isinstance(number, float):
        return round(number, _DECIMALS) + 0.0
    return rounded_ratio(number.numerator, number.denominator)


def rounded_ratio(numerator: int | float, denominator: int) -> int | float | None:
    """Return ``rounded(ratio(numerator, denominator))``, without making the ratio first."""
    if not denominator:
        return None
    if isinstance(numerator, float):
        return rounded(numerator / denominator)
    scaled, rest = divmod(numerator * _SCALE, denominator)
    scaled += 2 * rest > denominator or (2 * rest == denominator and scaled % 2 == 1)
    # A double could not hold every whole number.
    return scaled / _SCALE if scaled % _SCALE else scaled // _SCALE


def whole_percent(share: Exact) -> int:
    """Return a share, from 0 to 1, in percent: 100 is all of it, and 0 nothing."""
    percent = round(share * 100)
    return min(max(percent, 1), 99) if 0 < share < 1 else percent

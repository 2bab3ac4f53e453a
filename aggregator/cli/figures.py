"""Figures as people read them: grouped by thousands, and rounded half to even."""

from __future__ import annotations

from fractions import Fraction

from aggregator.history.rounding import Exact, whole_percent


def price(value: int | float) -> str:
    """Return a price: a whole one as it is, any other with one decimal."""
    return f"{int(value):,}" if value == int(value) else one_decimal(value)


def one_decimal(number: Exact) -> str:
    """Return a number with one decimal."""
    # Made a float only once it is rounded: 0.25 and a fraction just above it differ.
    return f"{float(round(Fraction(number), 1)):,.1f}"


def percentage(number: Exact) -> str:
    """Return the size of a percentage that is not 0: ``4.2 %``, ``by less than 0.1 %``."""
    size = one_decimal(abs(Fraction(number)))
    return "by less than 0.1 %" if size == "0.0" else f"{size} %"


def share(part: Exact) -> str:
    """Return a share, from 0 to 1, in whole percent: 100 % is all of it, and 0 % nothing."""
    return f"{whole_percent(part)} %"

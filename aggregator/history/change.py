"""The change between two endpoints: absolute, in percent, and which way."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from aggregator.history.bars import Value
from aggregator.history.landmarks import Landmarks, Mark
from aggregator.history.rounding import Exact

NEAREST, STRICT = "nearest", "strict"
AT_START, FIRST_IN_PERIOD = "at_start", "first_in_period"
AT_END, LAST_IN_PERIOD = "at_end", "last_in_period"


class End(NamedTuple):
    """One of the two prices that a change is told between."""

    mark: Mark
    method: str
    """How it was found: ``at_start``, ``first_in_period``, ``at_end`` or ``last_in_period``."""

    @property
    def seen_at(self) -> int:
        """Return an instant at which the price was to be seen."""
        return self.mark.at - 1 if self.method == LAST_IN_PERIOD else self.mark.at


class PriceChange(NamedTuple):
    """A change of price. All but ``reason`` is None where there is none to speak of."""

    absolute: Value
    percent: Exact | None
    """None also where it cannot be computed: ``reason`` then says why."""
    direction: str | None
    """``up``, ``down`` or ``flat``."""
    reason: str | None


def choose_ends(
    at_start: Mark | None, at_end: Mark | None, closed: Landmarks, endpoints: str
) -> tuple[End | None, End | None]:
    """Return the two prices to compare, None for one that is not there.

    :param at_start: the price at the period's start, None where there is none.
    :param at_end: the price at the period's end, None where there is none.
    :param closed: the landmarks of the period, its end included.
    :param endpoints: ``nearest`` moves an end without a price inwards, ``strict`` does not.
    """
    start = End(at_start, AT_START) if at_start else None
    end = End(at_end, AT_END) if at_end else None
    if endpoints == NEAREST:
        if start is None and closed.first:
            start = End(closed.first, FIRST_IN_PERIOD)
        if end is None and closed.last:
            end = End(closed.last, LAST_IN_PERIOD)
    return start, end


def compute_change(
    start: End | None, end: End | None, *, observed: bool, priced: bool
) -> PriceChange:
    """Return the change between two ends.

    :param observed: whether there was a poll at or before the period's end.
    :param priced: whether there was a price at any time of the period.
    """
    if not observed:
        return _no_change("never_observed")
    if not priced:
        return _no_change("no_price_in_period")
    if start is None:
        return _no_change("no_price_at_start")
    if end is None:
        return _no_change("no_price_at_end")
    old, new = start.mark.value, end.mark.value
    absolute = new - old
    direction = "up" if absolute > 0 else "down" if absolute < 0 else "flat"
    if old == 0:
        return PriceChange(absolute, None, direction, "zero_baseline")
    return PriceChange(absolute, percent(old, new), direction, None)


def percent(old: int | float, new: int | float) -> Exact:
    """Return how many percent more a price is than another one that is not 0."""
    if isinstance(old, int) and isinstance(new, int):
        return Fraction(100 * (new - old), old)
    return 100 * (new - old) / old


def _no_change(reason: str) -> PriceChange:
    return PriceChange(None, None, None, reason)

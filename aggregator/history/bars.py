"""Bars: what a step function did over a stretch of time, in a form that adds up."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from aggregator.history.rounding import Exact, ratio

MS_PER_HOUR = 3_600_000

#: A price or an aggregate of prices. None where nothing is buyable, or nothing was observed yet.
Value = int | float | None
#: Half-open stretches of time, in order, none touching another.
Stretches = Sequence[tuple[int, int]]


class Steps(NamedTuple):
    """A step function: ``values[i]`` holds from ``times[i]`` until ``times[i + 1]``.

    Times strictly increase; the first is where the function begins, the last value holds on.
    """

    times: Sequence[int]
    values: Sequence[Value]


@dataclass(slots=True)
class Bar:
    """A step function over ``[start, end)``.

    ``low`` and ``high`` are its extremes whether known or not; everything below them speaks of
    the time that is known *and* has a price.
    """

    start: int
    end: int
    open: Value
    """At the start."""
    close: Value
    """Just before the end."""
    low: Value
    high: Value
    known_ms: int = 0
    priced_ms: int = 0
    """Known time with a price."""
    integral: int | float = 0
    """Of the price over that time, in price times milliseconds; exact where prices are whole."""
    t: float = 0.0
    """The mean of that time, in hours since the start."""
    tt: float = 0.0
    """Integral of the squared distance from that mean, in cubic hours."""
    price_t: float = 0.0
    """Integral of the price times the distance from that mean, in price times square hours."""

    def add(self, bar: Bar) -> None:
        """Take in what the function did next: a bar that begins where this one ends."""
        self.end, self.close = bar.end, bar.close
        if bar.low is not None:
            self.low = bar.low if self.low is None else min(self.low, bar.low)
        if bar.high is not None:
            self.high = bar.high if self.high is None else max(self.high, bar.high)
        self.known_ms += bar.known_ms
        if bar.priced_ms:
            shift = (bar.start - self.start) / MS_PER_HOUR
            self.gain(bar.priced_ms, bar.integral, bar.t + shift, bar.tt, bar.price_t)

    def gain(
        self, priced_ms: int, integral: int | float, t: float, tt: float, price_t: float = 0.0
    ) -> None:
        """Take in more time with a price, given what the attributes of these names say of it.

        Central moments are combined as by Chan, Golub and LeVeque (1979), which loses no digits.
        """
        if self.priced_ms:
            mine, other = self.priced_ms / MS_PER_HOUR, priced_ms / MS_PER_HOUR
            weight = mine * other / (mine + other)
            apart = t - self.t
            risen = integral / priced_ms - self.integral / self.priced_ms
            self.t += apart * other / (mine + other)
            self.tt += tt + apart * apart * weight
            self.price_t += price_t + apart * risen * weight
        else:
            self.t, self.tt, self.price_t = t, tt, price_t
        self.priced_ms += priced_ms
        self.integral += integral

    @property
    def average(self) -> Exact | None:
        """The mean price over known time; None where none of it has a price."""
        return ratio(self.integral, self.priced_ms)

    @property
    def coverage(self) -> Exact | None:
        """The share of the time that is known."""
        return ratio(self.known_ms, self.end - self.start)

    @property
    def available(self) -> Exact | None:
        """The share of the known time that has a price; None where nothing is known."""
        return ratio(self.priced_ms, self.known_ms)

    @property
    def slope_per_day(self) -> float | None:
        """The slope of the least-squares line; None without a price in known time."""
        return self.price_t / self.tt * 24 if self.tt else None


def make_bars(steps: Steps, known: Stretches, boundaries: Sequence[int]) -> list[Bar]:
    """Return the bars between neighbouring boundaries.

    :param steps: begins at or before the first boundary.
    :param known: when we knew.
    :param boundaries: in order, at least two.
    """
    bars = []
    times, values = steps
    first = bisect_right(times, boundaries[0]) - 1
    for start, end in pairwise(boundaries):
        behind = bisect_left(times, end, first)
        inside = Steps([start, *times[first + 1 : behind], end], values[first:behind])
        bars.append(_make_bar(inside, clip(known, start, end)))
        first = behind if behind < len(times) and times[behind] == end else behind - 1
    return bars


def flat_bar(start: int, end: int, value: Value) -> Bar:
    """Return the bar of a stretch of which nothing is known, so that the price stays."""
    return Bar(start, end, value, value, value, value)


def fill_holes(bars: Sequence[Bar], start: int, end: int, carried: Value) -> list[Bar]:
    """Return bars that cover ``[start, end)`` without a hole.

    :param bars: in order, within the stretch.
    :param carried: the value just before the start.
    """
    filled = []
    for bar in bars:
        if start < bar.start:
            filled.append(flat_bar(start, bar.start, carried))
        filled.append(bar)
        start, carried = bar.end, bar.close
    if start < end:
        filled.append(flat_bar(start, end, carried))
    return filled


def combine_bars(bars: Sequence[Bar]) -> Bar:
    """Return neighbouring bars, of which there is at least one, as a single one."""
    if len(bars) == 1:
        return bars[0]
    combined = replace(bars[0])
    for bar in bars[1:]:
        combined.add(bar)
    return combined


def clip(stretches: Stretches, start: int, end: int) -> Stretches:
    """Return the parts of stretches that lie within ``[start, end)``."""
    begin = bisect_right(stretches, start, key=lambda stretch: stretch[1])
    behind = bisect_left(stretches, end, key=lambda stretch: stretch[0])
    return [(max(a, start), min(b, end)) for a, b in stretches[begin:behind]]


def _make_bar(inside: Steps, known: Stretches) -> Bar:
    """Return the bar of steps whose last time is where it ends."""
    times, values = inside
    priced = [value for value in values if value is not None]
    low, high = min(priced, default=None), max(priced, default=None)
    bar = Bar(times[0], times[-1], values[0], values[-1], low, high)
    bar.known_ms = sum(b - a for a, b in known)
    for a, b, value in _known_steps(inside, known):
        hours = (b - a) / MS_PER_HOUR
        middle = ((a - bar.start) + (b - bar.start)) / (2 * MS_PER_HOUR)
        bar.gain(b - a, value * (b - a), middle, hours**3 / 12)
    return bar


def _known_steps(inside: Steps, known: Stretches) -> Iterator[tuple[int, int, int | float]]:
    """Yield start, end and value of each stretch that is known and has a price."""
    times, values = inside
    k = 0
    for i, value in enumerate(values):
        if value is None:
            continue
        start, end = times[i], times[i + 1]
        while k < len(known) and known[k][1] <= start:
            k += 1
        j = k
        while j < len(known) and known[j][0] < end:
            yield max(known[j][0], start), min(known[j][1], end), value
            j += 1

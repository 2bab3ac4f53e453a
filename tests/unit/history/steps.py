"""Random step functions, random knowledge of them, and both looked at piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from hypothesis import strategies as st

from aggregator.history.bars import Bar, Steps, Stretches, Value

HOUR = 3_600_000
#: No step, no stretch and no boundary of a random one lies behind this.
HORIZON = 4 * HOUR

instants = st.sampled_from(range(0, HORIZON + 1, HOUR // 2)) | st.integers(0, HORIZON)
values: st.SearchStrategy[Value] = st.none() | st.integers(0, 9) | st.integers(0, 2**63 - 1)


@st.composite
def step_functions(draw: st.DrawFn) -> Steps:
    """Draw a function that begins at 0."""
    times = sorted({0, *draw(st.lists(instants, max_size=8))})
    return Steps(times, [draw(values) for _ in times])


@st.composite
def knowledge(draw: st.DrawFn) -> Stretches:
    """Draw when somebody knew: stretches of which none touches another."""
    ends = sorted(draw(st.sets(instants, max_size=12)))
    return list(zip(ends[::2], ends[1::2], strict=False))


@st.composite
def boundaries(draw: st.DrawFn, at_least: int = 2) -> list[int]:
    """Draw instants that divide a stretch."""
    return sorted(draw(st.sets(instants, min_size=at_least, max_size=8)))


def value_at(steps: Steps, instant: int) -> Value:
    """Return what a function is at an instant: the last step at or before it."""
    return [value for at, value in zip(*steps, strict=True) if at <= instant][-1]


def cut(steps: Steps, start: int, end: int, *more: int) -> Iterator[tuple[int, int]]:
    """Yield stretches in which the function, and what else changes at ``more``, is constant."""
    inner = {at for at in (*steps.times, *more) if start < at < end}
    return pairwise(sorted({start, end, *inner}))


def pieces(
    steps: Steps, known: Stretches, start: int, end: int
) -> Iterator[tuple[int, int, Value, bool]]:
    """Yield start, end and value of each piece, and whether it is known."""
    edges = [edge for stretch in known for edge in stretch]
    for a, b in cut(steps, start, end, *edges):
        yield a, b, value_at(steps, a), any(x <= a < y for x, y in known)


def look_closely(steps: Steps, known: Stretches, start: int, end: int) -> Bar:
    """Return the bar of one stretch, added up piece by piece in fractions."""
    seen = list(pieces(steps, known, start, end))
    prices = [value for _, _, value, _ in seen if value is not None]
    priced = [
        (Fraction(a - start, HOUR), Fraction(b - start, HOUR), Fraction(value))
        for a, b, value, is_known in seen
        if is_known and value is not None
    ]
    mean, spread, rise = _moments(priced)
    return Bar(
        start,
        end,
        open=value_at(steps, start),
        close=value_at(steps, end - 1),
        low=min(prices, default=None),
        high=max(prices, default=None),
        known_ms=sum(b - a for a, b, _, is_known in seen if is_known),
        priced_ms=int(sum(b - a for a, b, _ in priced) * HOUR),
        integral=int(sum((b - a) * value for a, b, value in priced) * HOUR),
        t=float(mean),
        tt=float(spread),
        price_t=float(rise),
    )


def _moments(
    priced: Sequence[tuple[Fraction, Fraction, Fraction]],
) -> tuple[Fraction, Fraction, Fraction]:
    """Return the mean of the time, its spread, and how the price moves with it."""
    length = sum((b - a for a, b, _ in priced), Fraction(0))
    if not length:
        return Fraction(0), Fraction(0), Fraction(0)
    mean = sum(((b**2 - a**2) / 2 for a, b, _ in priced), Fraction(0)) / length
    around = [(a - mean, b - mean, value) for a, b, value in priced]
    spread = sum(((b**3 - a**3) / 3 for a, b, _ in around), Fraction(0))
    rise = sum((value * (b**2 - a**2) / 2 for a, b, value in around), Fraction(0))
    return mean, spread, rise

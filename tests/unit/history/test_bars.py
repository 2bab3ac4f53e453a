"""Bars add up exactly to what somebody finds who looks at every piece of a step function."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import example, given

from aggregator.history.bars import (
    Bar,
    Steps,
    Stretches,
    Value,
    clip,
    combine_bars,
    fill_holes,
    flat_bar,
    make_bars,
)
from tests.unit.history.snapshots import LARGEST
from tests.unit.history.steps import (
    HORIZON,
    HOUR,
    boundaries,
    instants,
    knowledge,
    look_closely,
    step_functions,
)

EVER = [(0, 10**12)]
DAY = 24 * HOUR


def check(bar: Bar, expected: Bar) -> None:
    """Compare bars: moments as doubles are, in units of the highest price, the rest exactly."""
    assert exact(bar) == exact(expected)
    unit = max(expected.high or 0, 1)
    moments = (bar.t, bar.tt, bar.price_t / unit)
    assert moments == pytest.approx(
        (expected.t, expected.tt, expected.price_t / unit), rel=1e-9, abs=1e-12
    )


def exact(bar: Bar) -> tuple[Value, ...]:
    """Return everything that a bar holds but its moments."""
    limits = (bar.start, bar.end, bar.open, bar.close, bar.low, bar.high)
    return (*limits, bar.known_ms, bar.priced_ms, bar.integral)


def one_bar(steps: Steps, known: Stretches, start: int, end: int) -> Bar:
    [bar] = make_bars(steps, known, [start, end])
    return bar


@given(steps=step_functions(), known=knowledge(), limits=boundaries())
@example(Steps([0], [LARGEST]), EVER, [0, 1, HORIZON])
@example(Steps([0, 1, 2], [None, LARGEST, None]), [(1, 2)], [0, HORIZON])
@example(Steps([0, 60], [None, 5]), [(0, 10), (20, 30), (40, 50), (70, 80)], [0, 100])
def test_bars_are_what_a_close_look_finds(
    steps: Steps, known: Stretches, limits: list[int]
) -> None:
    bars = make_bars(steps, known, limits)
    for bar, (start, end) in zip(bars, pairwise(limits), strict=True):
        check(bar, look_closely(steps, known, start, end))


@given(steps=step_functions(), known=knowledge(), limits=boundaries())
def test_bars_combine_into_the_bar_of_the_whole(
    steps: Steps, known: Stretches, limits: list[int]
) -> None:
    bars = make_bars(steps, known, limits)
    before = deepcopy(bars)
    check(combine_bars(bars), look_closely(steps, known, limits[0], limits[-1]))
    assert bars == before


@given(steps=step_functions(), known=knowledge(), limits=boundaries(4))
def test_it_does_not_matter_which_bars_are_combined_first(
    steps: Steps, known: Stretches, limits: list[int]
) -> None:
    first, second, *others = make_bars(steps, known, limits)
    later = combine_bars([first, combine_bars([second, *others])])
    earlier = combine_bars([combine_bars([first, second]), *others])
    check(later, earlier)


@given(steps=step_functions(), known=knowledge(), limits=boundaries())
def test_averages_recombine_into_the_average(
    steps: Steps, known: Stretches, limits: list[int]
) -> None:
    bars = make_bars(steps, known, limits)
    whole = combine_bars(bars)
    weighed = [bar.average * bar.priced_ms for bar in bars if bar.average is not None]
    assert (whole.average is None) == (not weighed)
    assert sum(weighed) == (whole.average or 0) * whole.priced_ms
    assert sum(bar.known_ms for bar in bars) == (whole.coverage or 0) * (limits[-1] - limits[0])


@pytest.mark.parametrize(
    ("times", "values", "known", "end", "average", "coverage", "available", "slope"),
    [
        pytest.param([0], [100], EVER, 4, 100, 1, 1, 0, id="2"),
        pytest.param(
            [-3, 3, 15], [100, 120, 90], EVER, 21, Fraction(2280, 21), 1, 1, -25.1895, id="1"
        ),
        pytest.param([0, 5, 8], [None, 80, 60], EVER, 10, 72, 1, Fraction(1, 2), -138.24, id="6"),
        pytest.param([0, 1], [0, 10], EVER, 2, 5, 1, 1, 180, id="8"),
        pytest.param([0, 24], [100, 130], EVER, 48, 115, 1, 1, 22.5, id="15"),
        pytest.param([0], [None], EVER, 3, None, 1, 0, None, id="18-known"),
        pytest.param([0], [7], [], 3, None, 0, None, None, id="unknown"),
        pytest.param([0], [7], [(-HOUR, 0), (3 * HOUR, DAY)], 3, None, 0, None, None, id="beside"),
        pytest.param([0], [7], [(HOUR, 2 * HOUR)], 4, 7, Fraction(1, 4), 1, 0, id="a-quarter"),
    ],
)
def test_shares_and_slope(
    times: Sequence[int],
    values: Sequence[Value],
    known: Stretches,
    end: int,
    average: Fraction | None,
    coverage: Fraction,
    available: Fraction | None,
    slope: float | None,
) -> None:
    bar = one_bar(Steps([at * HOUR for at in times], values), known, 0, end * HOUR)
    assert (bar.average, bar.coverage, bar.available) == (average, coverage, available)
    assert bar.slope_per_day == pytest.approx(slope, abs=1e-4)


def test_gap_leaves_out_what_is_not_known() -> None:
    # Number 9: polls each minute of the first hour, and again from the third on.
    known = [(0, 65 * HOUR // 60), (3 * HOUR, 5 * HOUR)]
    bar = one_bar(Steps([0, 3 * HOUR], [100, 140]), known, 0, 4 * HOUR)
    assert bar.average == Fraction(65 * 100 + 60 * 140, 125)
    assert bar.coverage == Fraction(125, 240)
    assert (bar.low, bar.high) == (100, 140)


def test_price_that_nobody_knew_is_still_an_extreme() -> None:
    bar = one_bar(Steps([0, 10, 20, 30], [5, 1, 9, 5]), [(0, 10), (30, 40)], 0, 40)
    assert (bar.low, bar.high, bar.average) == (1, 9, 5)


def test_extremes_of_a_stretch_do_not_reach_beyond_it() -> None:
    steps = Steps([0, 10, 20], [1, 5, 9])
    bar = one_bar(steps, EVER, 10, 20)
    assert (bar.open, bar.close, bar.low, bar.high) == (5, 5, 5, 5)


def test_many_gaps_and_many_steps_add_up() -> None:
    n = 5_000
    steps = Steps(range(0, 10 * n, 10), [i % 7 for i in range(n)])
    known = [(at, at + 4) for at in range(3, 10 * n, 10)]
    whole = one_bar(steps, known, 0, 10 * n)
    assert (whole.known_ms, whole.priced_ms) == (4 * n, 4 * n)
    assert whole.integral == sum(4 * (i % 7) for i in range(n))
    check(combine_bars(make_bars(steps, known, range(0, 10 * n + 1, 50))), whole)


def test_moments_of_long_ago_lose_no_digits() -> None:
    years = 20 * 365 * DAY
    steps = Steps([0, years // 2], [10**6, 10**6 + 1])
    in_days = combine_bars(make_bars(steps, EVER, range(0, years + 1, DAY)))
    # A step in the middle rises by one and a half within its length.
    assert in_days.slope_per_day == pytest.approx(1.5 / (20 * 365), rel=1e-6)


@given(steps=step_functions(), known=knowledge(), limits=boundaries(3))
def test_slope_of_a_constant_price_is_zero(
    steps: Steps, known: Stretches, limits: list[int]
) -> None:
    constant = Steps(steps.times, [17 for _ in steps.values])
    slopes = {bar.slope_per_day for bar in make_bars(constant, known, limits)}
    assert slopes <= {None, 0.0}


@pytest.mark.parametrize(
    ("holes", "expected"),
    [
        pytest.param([], [(0, 50, 3)], id="nothing-there"),
        pytest.param([(10, 20)], [(0, 10, 3), (10, 20, 8), (20, 50, 9)], id="both-ends"),
        pytest.param([(0, 50)], [(0, 50, 8)], id="no-hole"),
        pytest.param(
            [(0, 10), (20, 30), (30, 50)],
            [(0, 10, 8), (10, 20, 9), (20, 30, 8), (30, 50, 8)],
            id="in-between",
        ),
    ],
)
def test_price_stays_over_holes(
    holes: list[tuple[int, int]], expected: list[tuple[int, int, int]]
) -> None:
    bars = [Bar(start, end, 8, 9, 8, 9, known_ms=1) for start, end in holes]
    filled = fill_holes(bars, 0, 50, 3)
    assert [(bar.start, bar.end, bar.open) for bar in filled] == expected
    assert [bar for bar in filled if bar.known_ms] == bars
    assert all(bar.open == bar.close == bar.low == bar.high for bar in filled if not bar.known_ms)


def test_hole_without_a_price_has_none() -> None:
    assert fill_holes([], 0, 9, None) == [Bar(0, 9, None, None, None, None)]
    assert flat_bar(0, 9, 0) == Bar(0, 9, 0, 0, 0, 0)


def test_bar_takes_extremes_from_where_there_are_prices() -> None:
    unpriced, priced = Bar(0, 1, None, None, None, None), Bar(1, 2, 4, 6, 2, 8)
    assert exact(combine_bars([unpriced, priced]))[:6] == (0, 2, None, 6, 2, 8)
    later = Bar(2, 3, None, None, None, None)
    assert exact(combine_bars([priced, later]))[:6] == (1, 3, 4, None, 2, 8)


@given(known=knowledge(), start=instants, end=instants)
def test_clipped_stretches_hold_the_same_instants_within(
    known: Stretches, start: int, end: int
) -> None:
    start, end = min(start, end), max(start, end) + 1
    expected = [(max(a, start), min(b, end)) for a, b in known]
    assert clip(known, start, end) == [(a, b) for a, b in expected if a < b]

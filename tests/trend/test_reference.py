"""The reference is right: by the worked examples, by sampling, and by the calendar."""

from __future__ import annotations

from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trend.answer import answer, text
from tests.trend.buckets import BEGINS, buckets, fits, resolve
from tests.trend.conftest import cases
from tests.trend.examples import EXAMPLES
from tests.trend.histories import snapshots
from tests.trend.reference import AGGREGATES, DAY, History, Level, Line, prices_in
from tests.trend.worked import HOUR, SOLD_OUT, Example, clock, hours, market, part_of, to_ms

SECOND = 1000


@st.composite
def brief_histories(draw: st.DrawFn) -> History:
    """Draw a history of some minutes in which all happens on whole seconds."""
    at, polls = 0, []
    for step, offers in draw(st.lists(st.tuples(st.integers(1, 40), snapshots), max_size=8)):
        at += step * SECOND
        polls.append((at, offers))
    return History(tuple(polls), draw(st.sampled_from([10, 25, 1000])) * SECOND)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_reference_agrees_with_the_definition(example: Example) -> None:
    answered = answer(UUID(int=1), example.history, example.question)
    assert part_of(answered, example.expected) == example.expected


def test_nearest_endpoints_are_the_outermost_prices() -> None:
    prices = {0: SOLD_OUT, 1: market(A=1), 2: SOLD_OUT, 3: market(A=3), 4: SOLD_OUT, 5: SOLD_OUT}
    example = Example(prices, hours(0, 5), {})
    answered = answer(UUID(int=1), example.history, example.question)
    assert (answered["start"]["value"], answered["start"]["at"]) == (1, clock(1))
    assert (answered["end"]["value"], answered["end"]["at"]) == (3, clock(4))


@cases(0.25)
@given(
    history=brief_histories(),
    aggregate=st.sampled_from(sorted(AGGREGATES)),
    ends=st.lists(st.integers(0, 250), min_size=2, max_size=2, unique=True),
)
def test_sampling_each_second_gives_the_same(
    history: History, aggregate: str, ends: list[int]
) -> None:
    line = Line(history, aggregate)
    start, end = (second * SECOND for second in sorted(ends))
    seconds = range(start, end, SECOND)
    known = [at for at in seconds if history.known(at)]
    priced = [(at, price) for at in known if (price := line.price(at)) is not None]
    level = Level.of(line, start, end)

    assert level.coverage == Fraction(len(known), len(seconds))
    assert level.available == (Fraction(len(priced), len(known)) if known else None)
    assert level.average == (sum(p for _, p in priced) / Fraction(len(priced)) if priced else None)
    assert level.slope_per_day == (sampled_slope(priced) if priced else None)
    # Low and high speak of the closed period: its last instant counts.
    sampled = {price for at in [*seconds, end] if (price := line.price(at)) is not None}
    assert {price for price, _ in prices_in(line, start, end)} == sampled


def sampled_slope(priced: list[tuple[int, Fraction]]) -> Fraction:
    """Return the least-squares slope per day of prices that each hold for a second."""
    middles = [(at + Fraction(SECOND, 2), price) for at, price in priced]
    centre = sum((at for at, _ in middles), Fraction(0)) / len(middles)
    covariance = sum(((at - centre) * price for at, price in middles), Fraction(0))
    # The instants of a second vary around its middle: by a twelfth of its square.
    within = len(middles) * Fraction(SECOND**2, 12)
    variance = sum(((at - centre) ** 2 for at, _ in middles), within)
    return covariance / variance * DAY


@pytest.mark.parametrize(
    ("interval", "tz", "period", "begin_at"),
    [
        pytest.param(
            "P1D",
            "Europe/Prague",
            ("2026-03-28", "2026-03-31"),
            ["2026-03-27T23:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"],
            id="day-of-23-hours",
        ),
        pytest.param(
            "PT6H",
            "Europe/Prague",
            ("2026-10-25", "2026-10-26"),
            ["2026-10-24T22:00Z", "2026-10-25T05:00Z", "2026-10-25T11:00Z", "2026-10-25T17:00Z"],
            id="quarter-of-a-day-of-7-hours",
        ),
        pytest.param(
            "PT1H",
            "Europe/Prague",
            ("2026-10-25T01:30", "2026-10-25T04:00"),
            ["2026-10-24T23:30Z", "2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z"],
            id="hour-that-comes-twice",
        ),
        pytest.param(
            "PT1H",
            "Asia/Kolkata",
            ("2026-03-01T00:10Z", "2026-03-01T02:00Z"),
            ["2026-03-01T00:10Z", "2026-03-01T00:30Z", "2026-03-01T01:30Z"],
            id="zone-of-half-hours",
        ),
        pytest.param(
            "P1W",
            "UTC",
            ("2026-03-01", "2026-03-10"),
            ["2026-03-01T00:00Z", "2026-03-02T00:00Z", "2026-03-09T00:00Z"],
            id="weeks-begin-on-monday",
        ),
        pytest.param(
            "P1M",
            "Europe/Prague",
            ("2026-02-01", "2026-05-01"),
            ["2026-01-31T23:00Z", "2026-02-28T23:00Z", "2026-03-31T22:00Z"],
            id="months",
        ),
    ],
)
def test_buckets_follow_the_wall_clock(
    interval: str, tz: str, period: tuple[str, str], begin_at: list[str]
) -> None:
    start, end = (to_ms(written, tz) for written in period)
    begin = [to_ms(written) for written in begin_at]
    expected = list(zip(begin, [*begin[1:], end], strict=True))
    found = buckets(interval, tz, start, end)
    assert [tuple(map(text, bucket)) for bucket in found] == [
        tuple(map(text, bucket)) for bucket in expected
    ]


@pytest.mark.parametrize(
    ("length", "interval"),
    [
        (200 * 60 * SECOND, "PT1M"),
        (200 * 60 * SECOND + 1, "PT5M"),
        (30 * DAY, "PT6H"),
        (200 * HOUR, "PT1H"),
        (200 * DAY, "P1D"),
        (200 * DAY + 1, "P1W"),
    ],
)
def test_auto_is_the_shortest_with_at_most_200_buckets(length: int, interval: str) -> None:
    start = to_ms("2026-03-01")
    assert resolve("auto", "UTC", start, start + length) == interval
    assert len(buckets(interval, "UTC", start, start + length)) <= 200
    assert all(
        not fits(shorter, "UTC", start, start + length, at_most=200)
        for shorter in list(BEGINS)[: list(BEGINS).index(interval)]
    )

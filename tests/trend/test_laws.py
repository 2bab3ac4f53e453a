"""What holds for every history: the definition's properties 2 to 7, on the reference.

The product's answers equal the reference's (``test_properties``), so they hold for it as well.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.trend.answer import Question, answer, text
from tests.trend.buckets import buckets, resolve
from tests.trend.conftest import cases
from tests.trend.histories import histories, instants, on_sale, questions
from tests.trend.reference import DAY, History, Level, Line
from tests.trend.worked import part_of, to_ms

PRODUCT = UUID(int=1)
INSTANTS = {"at", "until", "observed_at", "from", "to"}


@st.composite
def asked(draw: st.DrawFn) -> tuple[History, Question]:
    """Draw a history and a question about it."""
    history = draw(histories())
    return history, draw(questions(history))


def without(answered: Any, names: Collection[str]) -> Any:
    """Return an answer without some keys, at whatever depth."""
    if isinstance(answered, dict):
        return {
            name: without(value, names) for name, value in answered.items() if name not in names
        }
    return [without(item, names) for item in answered] if isinstance(answered, list) else answered


def moved(answered: Any, by: int, name: str = "") -> Any:
    """Return an answer with all instants that much later."""
    if isinstance(answered, dict):
        return {key: moved(value, by, key) for key, value in answered.items()}
    if isinstance(answered, list):
        return [moved(item, by) for item in answered]
    return text(to_ms(answered) + by) if name in INSTANTS and answered else answered


def known_time(history: History, question: Question) -> int:
    """Return how many milliseconds of the period are known."""
    return Level.of(Line(history), question.start, question.end).known


@cases(0.25)
@given(asked())
def test_everything_lies_between_low_and_high(case: tuple[History, Question]) -> None:
    answered = answer(PRODUCT, *case)
    inside = [answered["start"]["value"], answered["average"], answered["end"]["value"]]
    found = [value for value in inside if value is not None]
    assert all(answered["low"]["value"] <= value <= answered["high"]["value"] for value in found)


@cases(0.25)
@given(data=st.data(), history=histories(on_sale))
def test_changes_compose(data: st.DataObject, history: History) -> None:
    on_sale_at = [at for at, offers in history.polls if offers]
    assume(on_sale_at)
    instants = st.sampled_from(on_sale_at) | st.integers(on_sale_at[0], on_sale_at[-1] + DAY)
    a, b, c = sorted(data.draw(st.lists(instants, min_size=3, max_size=3, unique=True)))
    periods = [(a, b), (b, c), (a, c)]
    asked = [Question(start=start, end=end, interval="P1M") for start, end in periods]
    changes = [answer(PRODUCT, history, question)["change"] for question in asked]
    first, second, whole = (1 + change["percent"] / 100 for change in changes)
    # Each is off by up to half a unit of a percentage's last decimal.
    rounding = 1e-6 * (1 + first + second)
    assert first * second == pytest.approx(whole, abs=rounding, rel=1e-12)


@cases(0.25)
@given(data=st.data(), case=asked())
def test_identical_poll_changes_only_what_is_known(
    data: st.DataObject, case: tuple[History, Question]
) -> None:
    history, question = case
    at = data.draw(instants(history))
    repeated = history.last_poll(at)
    assume(repeated is not None and repeated[0] != at)
    assert repeated
    polls = sorted([*history.polls, (at, repeated[1])], key=lambda poll: poll[0])

    denser = replace(history, polls=tuple(polls))
    before, after = (answer(PRODUCT, each, question) for each in (history, denser))

    may_change = {"observed_at", "stale"}
    # What was unknown and has become known has its part in everything that is averaged.
    if known_time(denser, question) != known_time(history, question):
        may_change |= {"coverage", "average", "available", "slope_per_day", "series"}
    assert without(after, may_change) == without(before, may_change)


@cases(0.25)
@given(asked())
def test_buckets_recombine_into_the_period(case: tuple[History, Question]) -> None:
    history, question = case
    line = Line(history, question.aggregate, question.offer_id)
    start, end = question.start, question.end
    interval = resolve(question.interval, question.tz, start, end)
    whole = Level.of(line, start, end)
    levels = [Level.of(line, *bucket) for bucket in buckets(interval, question.tz, start, end)]

    weighed = [(level.average, level.priced) for level in levels if level.average is not None]
    assert sum(average * weight for average, weight in weighed) == whole.value
    assert sum(weight for _, weight in weighed) == whole.priced
    assert sum(level.known for level in levels) == whole.known
    assert sum(level.length for level in levels) == end - start


@cases(0.25)
@given(asked())
def test_explanation_sums_to_the_change(case: tuple[History, Question]) -> None:
    history, question = case
    answered = answer(PRODUCT, history, replace(question, aggregate="best", offer_id=None))
    parts = answered["explain"]
    assume(parts is not None)
    assert (
        sum(part for part in parts.values() if part is not None) == answered["change"]["absolute"]
    )
    assert (parts["exit"] or 0) >= 0 >= (parts["entry"] or 0)
    assert (parts["exit"] is None) == (answered["like_for_like"] is None)


@cases(0.25)
@given(case=asked(), factor=st.integers(2, 1000))
def test_scaling_all_prices_leaves_percents(case: tuple[History, Question], factor: int) -> None:
    history, question = case
    scaled = tuple(
        (at, {id_: (price * factor, stock) for id_, (price, stock) in offers.items()})
        for at, offers in history.polls
    )
    before = answer(PRODUCT, history, question)
    after = answer(PRODUCT, replace(history, polls=scaled), question)

    percents = {"change": {"percent": ..., "reason": ..., "direction": ...}, "like_for_like": ...}
    assert part_of(after, percents) == part_of(before, percents)


@pytest.mark.parametrize(
    ("unit", "follow_the_calendar"),
    [
        pytest.param(1000, {"interval", "series"}, id="seconds"),
        pytest.param(7 * DAY, frozenset[str](), id="weeks"),
    ],
)
@cases(0.25)
@given(case=asked(), times=st.integers(-10_000, 10_000))
def test_shifting_all_times_leaves_everything(
    unit: int, follow_the_calendar: Collection[str], case: tuple[History, Question], times: int
) -> None:
    history, question = case
    assume(question.interval != "P1M")
    by = times * unit
    polls = tuple((at + by, offers) for at, offers in history.polls)
    question = replace(question, tz="UTC")
    later = replace(question, start=question.start + by, end=question.end + by)

    before = moved(answer(PRODUCT, history, question), by)
    after = answer(PRODUCT, replace(history, polls=polls), later)

    assert without(after, follow_the_calendar) == without(before, follow_the_calendar)

"""A trend in words: its title, and the sentence that says it all."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.cli.local_time import LocalTime
from aggregator.cli.spans import Span
from aggregator.cli.trend_words import TrendWords
from aggregator.history.change import PriceChange
from aggregator.history.landmarks import Mark
from aggregator.history.trend import Endpoint
from tests.unit.made_trends import (
    IN_7_DAYS,
    IN_MARCH,
    LEVELS,
    NOTHING,
    NOW,
    OFFER,
    WEEK_AGO,
    make_change,
    make_trend,
    no_change,
    tell,
    whole,
)


def test_ordinary_trend_is_one_sentence() -> None:
    assert tell(make_trend()) == [f"Down 4.2 % in 7 days; now 17,295, {LEVELS}."]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(make_change(1000, 1003), "Up 0.3 %", id="up"),
        pytest.param(make_change(100, 100), "Unchanged", id="flat"),
        pytest.param(make_change(2_000_000, 2_000_001), "Up by less than 0.1 %", id="up-a-bit"),
        pytest.param(make_change(2_000_000, 1_999_999), "Down by less than 0.1 %", id="down-a-bit"),
        pytest.param(make_change(5, 0), "Down 100.0 %", id="to-nothing"),
    ],
)
def test_change_is_told_by_direction_and_size(change: PriceChange, told: str) -> None:
    assert tell(make_trend(change=change))[0].startswith(f"{told} in 7 days; now 17,295")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (PriceChange(10, None, "up", "zero_baseline"), "Up from 0 in 7 days, of which there is no"),
        (PriceChange(0, None, "flat", "zero_baseline"), "Unchanged in 7 days; now 17,295"),
    ],
)
def test_from_zero_there_is_no_percentage(change: PriceChange, told: str) -> None:
    assert tell(make_trend(change=change))[0].startswith(told)


def test_past_period_has_an_end_and_no_now() -> None:
    told = f"Down 4.2 % from 1 March 00:00 to 2 March 00:00; at the end 17,295, {LEVELS}."
    assert tell(make_trend(), IN_MARCH) == [told]


def test_extremes_are_left_out_where_they_are_the_same() -> None:
    mark = Mark(WEEK_AGO, 100)
    flat = make_trend(change=make_change(100, 100), low=mark, high=mark)
    assert tell(flat) == ["Unchanged in 7 days; now 17,295."]


def test_extreme_that_the_period_began_with_has_no_other_instant() -> None:
    trend = make_trend(high=Mark(WEEK_AGO, 18_410))
    assert tell(trend)[0].endswith("highest 18,410 at the start.")


@pytest.mark.parametrize(
    ("different", "span", "told"),
    [
        pytest.param(
            NOTHING | whole(coverage=0) | {"change": no_change("never_observed")},
            IN_7_DAYS,
            ["No poll has seen this product yet."],
            id="never-observed",
        ),
        pytest.param(
            NOTHING | whole(coverage=0) | {"change": no_change("never_observed")},
            IN_MARCH,
            ["No poll had seen this product by 6 March 14:05."],
            id="never-observed-by-then",
        ),
        pytest.param(
            NOTHING | {"change": no_change("no_price_in_period")},
            IN_7_DAYS,
            ["No price in 7 days: sold out throughout."],
            id="sold-out",
        ),
        pytest.param(
            NOTHING | {"change": no_change("no_price_in_period"), "offer_id": OFFER},
            IN_7_DAYS,
            ["No price in 7 days: not in stock throughout."],
            id="offer-sold-out",
        ),
        pytest.param(
            {"change": no_change("no_price_at_start"), "start": Endpoint()},
            IN_7_DAYS,
            [f"No price at the start, so no change to tell in 7 days; now 17,295, {LEVELS}."],
            id="strict-start",
        ),
        pytest.param(
            {"change": no_change("no_price_at_end"), "end": Endpoint()},
            IN_7_DAYS,
            [f"No price at the end, so no change to tell in 7 days; now sold out, {LEVELS}."],
            id="strict-end",
        ),
    ],
)
def test_reason_is_told_where_there_is_no_change(
    different: dict[str, Any], span: Span, told: list[str]
) -> None:
    assert tell(make_trend(**different), span) == told


@pytest.mark.parametrize(
    ("name", "different", "told"),
    [
        ("Benzinová sekačka", {}, "Benzinová sekačka, best price"),
        ("Kettle", {"aggregate": "median"}, "Kettle, median price"),
        ("Kettle", {"offer_id": OFFER}, f"Kettle, offer {OFFER}"),
        ("a\x1b[2J\r\nb\x9bc", {}, "a [2J b c, best price"),
    ],
)
def test_title(name: str, different: dict[str, Any], told: str) -> None:
    trend = make_trend(**different)
    assert TrendWords(trend, IN_7_DAYS, LocalTime("UTC", NOW)).title(name) == told

"""A trend in words: what qualifies the sentence that says it all."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from aggregator.cli.spans import Span
from aggregator.history.change import FIRST_IN_PERIOD, LAST_IN_PERIOD
from aggregator.history.explain import Explanation, LikeForLike
from aggregator.history.period import Period
from aggregator.history.trend import HOURLY, Endpoint
from tests.unit.made_trends import (
    DAY,
    IN_7_DAYS,
    IN_MARCH,
    LEVELS,
    NOTHING,
    NOW,
    OFFER,
    WEEK_AGO,
    at,
    make_bar,
    make_trend,
    no_change,
    tell,
    whole,
)


def test_start_that_moved_is_told() -> None:
    start = Endpoint(
        80, at("2026-03-01T05:00"), at("2026-03-01T05:00"), FIRST_IN_PERIOD, stale=False
    )
    told = "Compared with the first price in the period: 80, on Sunday 05:00."
    assert tell(make_trend(start=start))[1:] == [told]


@pytest.mark.parametrize(
    ("offer_id", "span", "told"),
    [
        (None, IN_7_DAYS, "Sold out since Tuesday 14:05."),
        (OFFER, IN_7_DAYS, "Not in stock since Tuesday 14:05."),
        (None, IN_MARCH, "Sold out from Tuesday 14:05 on."),
    ],
)
def test_end_that_moved_is_told(offer_id: Any, span: Span, told: str) -> None:
    moved = at("2026-03-03T14:05")
    end = Endpoint(50, moved, moved, LAST_IN_PERIOD, stale=False)
    sentences = tell(make_trend(end=end, offer_id=offer_id), span)
    assert f"; last 50, {LEVELS}." in sentences[0]
    assert sentences[1:] == [told]


def test_end_that_moved_is_not_told_as_uncertain_too() -> None:
    moved = at("2026-03-03T14:05")
    start = Endpoint(80, moved, moved, FIRST_IN_PERIOD, stale=True)
    end = Endpoint(50, moved, moved, LAST_IN_PERIOD, stale=True)
    assert not any("uncertain" in told for told in tell(make_trend(start=start, end=end)))


@pytest.mark.parametrize(
    ("name", "span", "told"),
    [
        ("start", IN_7_DAYS, "The price at the start is uncertain, last seen on Monday 08:00."),
        ("end", IN_7_DAYS, "The price now is uncertain, last seen on Monday 08:00."),
        ("end", IN_MARCH, "The price at the end is uncertain, last seen on Monday 08:00."),
    ],
)
def test_stale_end_is_told(name: str, span: Span, told: str) -> None:
    trend = make_trend()
    seen_at = at("2026-03-02T08:00")
    stale = getattr(trend, name)._replace(observed_at=seen_at, stale=True)
    assert tell(make_trend(**{name: stale}), span)[1:] == [told]
    forgotten = stale._replace(observed_at=None)
    uncertain = f"{told.partition(',')[0]}."
    assert tell(make_trend(**{name: forgotten}), span)[1:] == [uncertain]


@pytest.mark.parametrize(
    ("coverage", "available", "told"),
    [
        (0.87, 1, ["Known for 87 % of the time."]),
        (1, 0.5, ["In stock for 50 % of the time."]),
        (0.87, 0.5, ["Known for 87 % of the time, in stock for 50 % of that."]),
        (0, 1, ["Known for 0 % of the time."]),
        (1, 1, []),
    ],
)
def test_what_is_known_is_told_where_it_is_not_all(
    coverage: float, available: float, told: list[str]
) -> None:
    assert tell(make_trend(**whole(coverage, available)))[1:] == told


def test_stock_is_not_told_twice_of_what_was_sold_out_throughout() -> None:
    none = make_bar(None, start=WEEK_AGO, length=7 * DAY, coverage=0.5)
    trend = make_trend(**NOTHING, change=no_change("no_price_in_period"), whole=none)
    assert tell(trend)[1:] == ["Known for 50 % of the time."]


@pytest.mark.parametrize(
    ("explanation", "like_for_like", "told"),
    [
        pytest.param(
            Explanation(exit=20, repricing=-10, entry=-5, replacement=0),
            LikeForLike(2, Fraction(-100, 27)),
            [
                "Why: cheaper offers left (+20), the best of those that stayed got cheaper (-10), "
                "cheaper offers came (-5). Like for like (2 offers): down 3.7 %."
            ],
            id="all",
        ),
        pytest.param(
            Explanation(exit=0, repricing=1_500, entry=0, replacement=0),
            LikeForLike(1, Fraction(0)),
            ["Why: the best of those that stayed got dearer (+1,500)."],
            id="one",
        ),
        pytest.param(
            Explanation(None, None, None, replacement=30),
            None,
            ["Why: others took the place of all offers (+30)."],
            id="replacement",
        ),
        pytest.param(
            Explanation(exit=0, repricing=0, entry=0, replacement=0),
            LikeForLike(1, Fraction(1, 100)),
            ["Like for like (1 offer): up by less than 0.1 %."],
            id="others-alone",
        ),
        pytest.param(
            Explanation(exit=0, repricing=0, entry=0, replacement=0),
            LikeForLike(3, None),
            [],
            id="nothing",
        ),
    ],
)
def test_parts_of_the_change_are_told_but_zeros(
    explanation: Explanation, like_for_like: LikeForLike | None, told: list[str]
) -> None:
    trend = make_trend(explanation=explanation, like_for_like=like_for_like)
    assert tell(trend)[1:] == told


def test_hours_and_zone_are_told() -> None:
    trend = make_trend(
        resolution=HOURLY, period=Period(WEEK_AGO, NOW, "Europe/Prague", clamped=False)
    )
    assert tell(trend)[1:] == [
        "Only hourly figures are left of some of it; the period counted is "
        "27 February 15:05 to 6 March 15:05.",
        "Times are those of Europe/Prague.",
    ]

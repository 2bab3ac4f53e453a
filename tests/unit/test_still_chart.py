"""The chart that needs no script."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aggregator.history.bars import Value
from aggregator.history.landmarks import Mark
from aggregator.history.period import Period
from aggregator.history.trend import Bucket, Trend
from aggregator.web.still_chart import HEIGHT, WIDTH, StillChart, Stretch, draw_chart
from tests.unit.made_trends import MINUTE, make_bar, make_trend


def trend_of(*prices: Value, unknown: int | None = None, **different: Any) -> Trend:
    """Return a trend of one price a minute, of one of which nothing is known."""
    bars = [
        make_bar(price, start=i * MINUTE, coverage=0 if i == unknown else 1)
        for i, price in enumerate(prices)
    ]
    priced = [price for price in prices if price is not None]
    return make_trend(
        period=Period(0, len(prices) * MINUTE, "UTC", clamped=False),
        low=Mark(0, min(priced)) if priced else None,
        high=Mark(0, max(priced)) if priced else None,
        interval="PT1M",
        buckets=[Bucket(bar, partial=False) for bar in bars],
        **different,
    )


def test_prices_are_steps_between_the_lowest_and_the_highest() -> None:
    chart = draw_chart(trend_of(100, 200))
    assert chart.line == "M0 288H500V12H1000V12"
    assert chart.stretches == []


def test_steps_of_days_are_their_averages() -> None:
    trend = replace(trend_of(100, 200), interval="P1D")
    trend.buckets[0].bar.integral *= 3 / 2
    assert draw_chart(trend).line == "M0 150H500V12H1000V12"


def test_band_is_where_a_bucket_holds_several_prices() -> None:
    trend = trend_of(100, 200)
    trend.buckets[0].bar.high = 150
    assert draw_chart(trend).band == "M0 150H500V288H0Z"


@pytest.mark.parametrize(
    ("trend", "stretch"),
    [
        pytest.param(trend_of(100, None, None, 100), "sold-out", id="sold-out"),
        pytest.param(trend_of(100, 100, unknown=1), "unknown", id="unknown"),
    ],
)
def test_stretch_without_a_price_breaks_the_line(trend: Trend, stretch: str) -> None:
    chart = draw_chart(trend)
    [found] = chart.stretches
    assert found.kind == stretch
    assert found.width == WIDTH / 2
    assert f"H{found.x:g}" in chart.line


def test_nothing_known_is_one_stretch() -> None:
    trend = trend_of(None, unknown=0)
    assert draw_chart(trend) == StillChart("", "", [Stretch("unknown", 0.0, WIDTH)])


def test_price_that_never_moved_is_in_the_middle() -> None:
    assert draw_chart(trend_of(5, 5)).line.startswith(f"M0 {HEIGHT // 2}H")

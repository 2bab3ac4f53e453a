"""Trends made by hand, for tests of what is told of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from aggregator.cli.local_time import LocalTime
from aggregator.cli.spans import Span
from aggregator.cli.trend_words import TrendWords
from aggregator.clock import to_ms
from aggregator.history.bars import Bar, Value
from aggregator.history.change import AT_END, AT_START, PriceChange
from aggregator.history.landmarks import Mark
from aggregator.history.period import Period
from aggregator.history.trend import EXACT, Bucket, Endpoint, Trend

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
PRODUCT = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
OFFER = UUID("f071f874-e0d0-fca8-fd3a-b0b7925e154a")


def at(written: str) -> int:
    """Return an instant, written as local time in UTC."""
    return to_ms(datetime.fromisoformat(written).replace(tzinfo=UTC))


#: A Friday.
NOW = at("2026-03-06T14:05")
WEEK_AGO = NOW - 7 * DAY
IN_7_DAYS = Span("in 7 days", ends_now=True)
IN_MARCH = Span("from 1 March 00:00 to 2 March 00:00", ends_now=False)
LEVELS = "lowest 16,900 on Tuesday 14:05, highest 18,410 on Sunday 09:12"
NOTHING = {"start": Endpoint(), "end": Endpoint(), "low": None, "high": None}


def make_bar(
    value: Value, *, start: int = 0, length: int = MINUTE, coverage: float = 1, available: float = 1
) -> Bar:
    """Return a bar of one price, or of none, known and in stock for a part of the time."""
    bar = Bar(start, start + length, value, value, value, value)
    bar.known_ms = round(length * coverage)
    if value is not None:
        bar.priced_ms = round(bar.known_ms * available)
        bar.integral = value * bar.priced_ms
    return bar


def make_change(old: Value, new: Value) -> PriceChange:
    """Return the change between two prices, of which the first is above 0."""
    assert old
    assert new is not None
    percent = Fraction(new - old) * 100 / Fraction(old)
    direction = "up" if new > old else "down" if new < old else "flat"
    return PriceChange(new - old, percent, direction, None)


def make_trend(**different: Any) -> Trend:
    """Return the trend of a price that fell in the last 7 days, but for what is different."""
    start = Endpoint(18_053, WEEK_AGO, WEEK_AGO, AT_START, stale=False)
    end = Endpoint(17_295, NOW, NOW - MINUTE, AT_END, stale=False)
    whole = make_bar(17_500, start=WEEK_AGO, length=7 * DAY)
    trend = Trend(
        product_id=PRODUCT,
        offer_id=None,
        aggregate="best",
        period=Period(WEEK_AGO, NOW, "UTC", clamped=False),
        start=start,
        end=end,
        change=make_change(18_053, 17_295),
        explanation=None,
        like_for_like=None,
        low=Mark(at("2026-03-03T14:05"), 16_900),
        high=Mark(at("2026-03-01T09:12"), 18_410),
        whole=whole,
        resolution=EXACT,
        interval="P1D",
        buckets=[Bucket(whole, partial=False)],
    )
    return replace(trend, **different)


def tell(trend: Trend, span: Span = IN_7_DAYS) -> list[str]:
    """Return the sentences about a trend."""
    return list(TrendWords(trend, span, LocalTime(trend.period.tz, NOW)).sentences())


def no_change(reason: str) -> PriceChange:
    """Return the change where there is none to speak of."""
    return PriceChange(None, None, None, reason)


def whole(coverage: float = 1, available: float = 1) -> dict[str, Any]:
    """Return a week known, and in stock, for parts of the time."""
    bar = make_bar(5, start=WEEK_AGO, length=7 * DAY, coverage=coverage, available=available)
    return {"whole": bar}

"""A trend in words on a product's page, for every case of docs/trend.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from aggregator.history.change import FIRST_IN_PERIOD, LAST_IN_PERIOD, PriceChange
from aggregator.history.explain import Explanation, LikeForLike
from aggregator.history.period import Period
from aggregator.history.trend import HOURLY, Endpoint, Trend
from aggregator.web.product_words import (
    Span,
    span_between,
    tell_change,
    tell_doubts,
    tell_reasons,
    tell_state,
)
from tests.unit.made_trends import (
    HOUR,
    NOTHING,
    NOW,
    WEEK_AGO,
    make_change,
    make_trend,
    no_change,
    whole,
)

IN_7_DAYS = Span("in 7 days", ends_now=True)
IN_MARCH = Span("from 27 Feb 2026, 14:05 UTC to 6 Mar 2026, 14:05 UTC", ends_now=False)
SOLD_OUT = Endpoint(950, NOW - HOUR, NOW - HOUR, LAST_IN_PERIOD, stale=False)
Tell = Callable[[Trend, Span], Iterator[str]]


def plain(text: str) -> str:
    """Return a text with spaces of one kind, and with hyphens for minus signs."""
    return text.replace("\u202f", " ").replace("\u2212", "-")


def told(tell: Tell, span: Span = IN_7_DAYS, **different: Any) -> list[str]:
    """Return the sentences on a trend that is as usual but for what is different."""
    return [plain(sentence) for sentence in tell(make_trend(**different), span)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(make_change(18_053, 17_295), "down 4.2 % in 7 days", id="down"),
        pytest.param(make_change(100, 102), "up 2 % in 7 days", id="up"),
        pytest.param(make_change(100, 100), "unchanged in 7 days", id="flat"),
        pytest.param(make_change(3, 4), "up 33.3 % in 7 days", id="repeating"),
        pytest.param(make_change(1, 31), "up 3 000 % in 7 days", id="thousands"),
        pytest.param(make_change(2_000, 2_001), "up 0.05 % in 7 days", id="a-bit"),
        pytest.param(
            make_change(2_000_000, 2_000_001), "up by less than 0.01 % in 7 days", id="next-to-none"
        ),
        pytest.param(make_change(10, 0), "down 100 % in 7 days", id="to-zero"),
        pytest.param(
            PriceChange(10, None, "up", "zero_baseline"), "up from 0 in 7 days", id="from-zero"
        ),
        pytest.param(
            PriceChange(0, None, "flat", "zero_baseline"), "unchanged in 7 days", id="zero-to-zero"
        ),
        pytest.param(
            no_change("never_observed"), "no poll has seen this product yet", id="never-observed"
        ),
        pytest.param(
            no_change("no_price_in_period"),
            "no price in 7 days: sold out throughout",
            id="no-price-in-period",
        ),
        pytest.param(
            no_change("no_price_at_start"),
            "no price at the start, so no change to tell in 7 days",
            id="no-price-at-start",
        ),
        pytest.param(
            no_change("no_price_at_end"),
            "no price at the end, so no change to tell in 7 days",
            id="no-price-at-end",
        ),
    ],
)
def test_change_is_told_with_its_size_and_period(change: PriceChange, words: str) -> None:
    assert plain(tell_change(make_trend(change=change), IN_7_DAYS)) == words


def test_change_since_the_first_price_says_when_that_was() -> None:
    start = Endpoint(100, NOW - 3 * HOUR, NOW - 3 * HOUR, FIRST_IN_PERIOD, stale=False)
    trend = make_trend(start=start, change=make_change(100, 102))
    assert plain(tell_change(trend, IN_7_DAYS)) == "first price 3 h ago: up 2 %"
    past = "first price at 6 Mar 2026, 11:05 UTC: up 2 %"
    assert plain(tell_change(trend, IN_MARCH)) == past


def test_period_that_is_over_is_told_by_its_ends() -> None:
    trend = make_trend(**NOTHING, change=no_change("never_observed"))
    assert tell_change(trend, IN_MARCH).endswith("this product before 6 Mar 2026, 14:05 UTC")
    assert span_between(trend.period, ends_now=False) == IN_MARCH
    assert span_between(trend.period, ends_now=True).words == "since 27 Feb 2026, 14:05 UTC"


def test_price_that_is_gone_is_told_with_when_it_went() -> None:
    since = "Sold out since 6 Mar 2026, 13:05 UTC, last price 950."
    assert told(tell_state, end=SOLD_OUT, **whole(available=0.5)) == [
        since,
        "In stock for 50 % of the known time.",
    ]
    assert told(tell_state, IN_MARCH, end=SOLD_OUT)[0].startswith("Sold out from 6 Mar 2026, 13:05")


@pytest.mark.parametrize(
    ("different", "sentences"),
    [
        pytest.param({}, [], id="none"),
        pytest.param(whole(coverage=0.83), ["Of this period we know 83 %."], id="coverage"),
        pytest.param(whole(coverage=0.9999), ["Of this period we know 99 %."], id="nearly-all"),
        pytest.param(
            whole(coverage=0) | NOTHING | {"change": no_change("never_observed")}, [], id="never"
        ),
        pytest.param(
            {
                "start": make_trend().start._replace(stale=True),
                "end": make_trend().end._replace(stale=True, observed_at=None),
            },
            [
                "The price at the start is uncertain: it was last seen 27 Feb 2026, 14:05 UTC.",
                "The price now is uncertain.",
            ],
            id="stale-ends",
        ),
        pytest.param(
            {"resolution": HOURLY},
            [
                "Only hourly figures are left of some of it: "
                "what counts is 27 Feb 2026, 14:05 UTC to 6 Mar 2026, 14:05 UTC."
            ],
            id="hourly",
        ),
        pytest.param(
            {"period": Period(WEEK_AGO, NOW, "UTC", clamped=True)},
            ["The end that was asked for is still to come: this is up to now."],
            id="clamped",
        ),
    ],
)
def test_doubts_are_told(different: dict[str, Any], sentences: list[str]) -> None:
    assert told(tell_doubts, **different) == sentences


@pytest.mark.parametrize(
    ("explanation", "same", "sentences"),
    [
        pytest.param(None, None, [], id="nothing-to-explain"),
        pytest.param(
            Explanation(40, -120, -300, 0),
            LikeForLike(2, Fraction(-100, 27)),
            [
                "Repricing of the same offers brought -120; new cheaper offers -300; "
                "cheaper offers that left +40.",
                "The 2 offers there at both ends together: down 3.7 %.",
            ],
            id="all-three",
        ),
        pytest.param(
            Explanation(None, None, None, 30),
            None,
            ["Other offers took the place of all there were: +30."],
            id="replacement",
        ),
        pytest.param(
            Explanation(0, 20, 0, 0),
            LikeForLike(1, Fraction(2)),
            ["Repricing of the same offers brought +20."],
            id="one-offer-says-it-all",
        ),
        pytest.param(
            Explanation(0, 0, -5, 0),
            LikeForLike(1, None),
            [
                "New cheaper offers -5.",
                "The one offer there at both ends cost nothing at the start.",
            ],
            id="from-nothing",
        ),
        pytest.param(
            Explanation(0, 0, 0, 0),
            LikeForLike(5, Fraction(0)),
            ["The 5 offers there at both ends together: unchanged."],
            id="nothing-moved",
        ),
    ],
)
def test_reasons_are_told(
    explanation: Explanation | None, same: LikeForLike | None, sentences: list[str]
) -> None:
    trend = replace(make_trend(), explanation=explanation, like_for_like=same)
    assert [plain(sentence) for sentence in tell_reasons(trend)] == sentences

"""A trend in words that a shopper understands: what the price did, why, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from aggregator.history.change import AT_END, AT_START, FIRST_IN_PERIOD, LAST_IN_PERIOD
from aggregator.history.explain import Explanation, LikeForLike
from aggregator.history.period import Period
from aggregator.history.rounding import Exact, whole_percent
from aggregator.history.trend import HOURLY, Endpoint, Trend
from aggregator.web.shown import age, decimals_of, instant, price, signed_price

_NO_PRICE = {
    "no_price_at_start": "no price at the start, so no change to tell",
    "no_price_at_end": "no price at the end, so no change to tell",
}


class Span(NamedTuple):
    """A period in words."""

    words: str
    """Such as ``in 7 days``."""
    ends_now: bool


def span_between(period: Period, *, ends_now: bool) -> Span:
    """Return a period in words by its ends."""
    if ends_now:
        return Span(f"since {instant(period.start)}", ends_now)
    return Span(f"from {instant(period.start)} to {instant(period.end)}", ends_now)


def tell_change(trend: Trend, span: Span) -> str:
    """Return what the price did: ``down 4.2 % in 7 days``."""
    change, start = trend.change, trend.start
    if change.reason == "never_observed":
        by_then = "yet" if span.ends_now else f"before {instant(trend.period.end)}"
        return f"no poll has seen this product {by_then}"
    if change.reason == "no_price_in_period":
        return f"no price {span.words}: sold out throughout"
    if change.absolute is None:
        return f"{_NO_PRICE[str(change.reason)]} {span.words}"
    moved = _moved(change.absolute, change.percent)
    if start.method == FIRST_IN_PERIOD and start.at is not None:
        return f"first price {_when(start.at, trend, span)}: {moved}"
    return f"{moved} {span.words}"


def tell_state(trend: Trend, span: Span) -> Iterator[str]:
    """Yield a sentence on the end where there is no price, and one on how long there was one."""
    end, available = trend.end, trend.whole.available
    if end.method == LAST_IN_PERIOD and end.at is not None:
        gone = f"since {instant(end.at)}" if span.ends_now else f"from {instant(end.at)} on"
        yield f"Sold out {gone}, last price {price(end.value)}."
    if trend.low and available is not None and available < 1:
        yield f"In stock for {share(available)} of the known time."


def tell_doubts(trend: Trend, span: Span) -> Iterator[str]:
    """Yield a sentence for each reason to believe the figures less."""
    start, end = trend.start, trend.end
    if start.method == AT_START and start.stale:
        yield _uncertain("at the start", start)
    if end.method == AT_END and end.stale:
        yield _uncertain("now" if span.ends_now else "at the end", end)
    coverage = trend.whole.coverage
    if trend.change.reason != "never_observed" and coverage is not None and coverage < 1:
        yield f"Of this period we know {share(coverage)}."
    if trend.resolution == HOURLY:
        counted = f"{instant(trend.period.start)} to {instant(trend.period.end)}"
        yield f"Only hourly figures are left of some of it: what counts is {counted}."
    if trend.period.clamped:
        yield "The end that was asked for is still to come: this is up to now."


def tell_reasons(trend: Trend) -> Iterator[str]:
    """Yield a sentence on why the best price moved, and one on what the same offers did."""
    if trend.explanation and (parts := "; ".join(_parts(trend.explanation))):
        yield f"{parts[0].upper()}{parts[1:]}."
    # What one offer did alone is what the best price did.
    if trend.like_for_like and (trend.like_for_like.offers > 1 or _others(trend.explanation)):
        yield _like_for_like(trend.like_for_like)


def share(part: Exact) -> str:
    """Return a share, from 0 to 1, in whole percent: 100 % is all of it, and 0 % nothing."""
    if 0 < part < 0.01:
        return "less than 1\u202f%"
    return f"{whole_percent(part)}\u202f%"


def _moved(absolute: float, percent: Exact | None) -> str:
    if absolute == 0:
        return "unchanged"
    way = "up" if absolute > 0 else "down"
    return f"{way} from 0" if percent is None else f"{way} {_size(percent)}"


def _size(percent: Exact) -> str:
    """Return how large a percentage is that is not 0, whichever way it goes."""
    size = abs(float(percent))
    if size < 0.01:
        return "by less than 0.01\u202f%"
    text = f"{size:,.{decimals_of(size)}f}".removesuffix(".0").replace(",", "\u202f")
    return f"{text}\u202f%"


def _parts(explanation: Explanation) -> Iterator[str]:
    gone, repricing, come, replacement = explanation
    if repricing:
        yield f"repricing of the same offers brought {signed_price(repricing)}"
    if come:
        yield f"new cheaper offers {signed_price(come)}"
    if gone:
        yield f"cheaper offers that left {signed_price(gone)}"
    if replacement:
        yield f"other offers took the place of all there were: {signed_price(replacement)}"


def _others(explanation: Explanation | None) -> bool:
    """Tell whether offers that left or came had a part in the change."""
    return explanation is not None and bool(explanation.exit or explanation.entry)


def _like_for_like(same: LikeForLike) -> str:
    offers = "The one offer" if same.offers == 1 else f"The {same.offers} offers"
    if same.percent is None:
        return f"{offers} there at both ends cost nothing at the start."
    together = " together" if same.offers > 1 else ""
    return f"{offers} there at both ends{together}: {_moved(float(same.percent), same.percent)}."


def _uncertain(when: str, end: Endpoint) -> str:
    seen = f": it was last seen {instant(end.observed_at)}" if end.observed_at else ""
    return f"The price {when} is uncertain{seen}."


def _when(at: int, trend: Trend, span: Span) -> str:
    if span.ends_now:
        return f"{age((trend.period.end - at) / 1000)} ago"
    return f"at {instant(at)}"

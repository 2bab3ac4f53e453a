"""A trend in words that a shopper understands: what happened, and what one should know of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aggregator.cli.figures import percentage, price, share
from aggregator.cli.listing import harmless
from aggregator.cli.local_time import LocalTime
from aggregator.cli.spans import Span
from aggregator.history.change import AT_END, AT_START, FIRST_IN_PERIOD, LAST_IN_PERIOD
from aggregator.history.explain import Explanation
from aggregator.history.instants import UTC
from aggregator.history.landmarks import Mark
from aggregator.history.rounding import Exact
from aggregator.history.trend import HOURLY, Endpoint, Trend


@dataclass(frozen=True, slots=True)
class TrendWords:
    """Puts a trend into words."""

    trend: Trend
    span: Span
    """The period of the trend."""
    local: LocalTime

    def title(self, name: str) -> str:
        """Return what the trend is of.

        :param name: the product's.
        """
        trend = self.trend
        what = f"offer {trend.offer_id}" if trend.offer_id else f"{trend.aggregate} price"
        return f"{harmless(name)}, {what}"

    def sentences(self) -> Iterator[str]:
        """Yield one sentence that says it all, and then one for everything that qualifies it."""
        yield self._summary()
        yield from self._moved_ends()
        yield from self._stale_ends()
        yield from _shares(self.trend)
        yield from _reasons(self.trend)
        period = self.trend.period
        if self.trend.resolution == HOURLY:
            counted = f"{self.local.date(period.start)} to {self.local.date(period.end)}"
            yield f"Only hourly figures are left of some of it; the period counted is {counted}."
        if period.tz != UTC:
            yield f"Times are those of {period.tz}."

    def _summary(self) -> str:
        reason = self.trend.change.reason
        if reason == "never_observed":
            if self.span.ends_now:
                return "No poll has seen this product yet."
            return f"No poll had seen this product by {self.local.date(self.trend.period.end)}."
        if reason == "no_price_in_period":
            return f"No price {self.span.words}: {self._gone} throughout."
        return f"{self._change()}; {', '.join(self._levels())}."

    def _change(self) -> str:
        change, span = self.trend.change, self.span.words
        if change.absolute is None:
            where = "start" if change.reason == "no_price_at_start" else "end"
            return f"No price at the {where}, so no change to tell {span}"
        if change.absolute == 0:
            return f"Unchanged {span}"
        if change.percent is None:
            return f"Up from 0 {span}, of which there is no percentage"
        return f"{_move(change.percent).capitalize()} {span}"

    def _levels(self) -> Iterator[str]:
        end, low, high = self.trend.end, self.trend.low, self.trend.high
        yield f"{self._end} {self._gone if end.value is None else price(end.value)}"
        if low and high and low.value != high.value:
            yield f"lowest {self._mark(low)}"
            yield f"highest {self._mark(high)}"

    def _mark(self, mark: Mark) -> str:
        at_start = mark.at == self.trend.period.start
        return f"{price(mark.value)} {'at the start' if at_start else self.local.when(mark.at)}"

    @property
    def _end(self) -> str:
        if self.trend.end.method == LAST_IN_PERIOD:
            return "last"
        return "now" if self.span.ends_now else "at the end"

    @property
    def _gone(self) -> str:
        return "not in stock" if self.trend.offer_id else "sold out"

    def _moved_ends(self) -> Iterator[str]:
        start, end = self.trend.start, self.trend.end
        if start.method == FIRST_IN_PERIOD and start.value is not None and start.at is not None:
            first = f"{price(start.value)}, {self.local.when(start.at)}"
            yield f"Compared with the first price in the period: {first}."
        if end.method == LAST_IN_PERIOD and end.at is not None:
            gone, since = self._gone.capitalize(), self.local.name(end.at)
            yield f"{gone} since {since}." if self.span.ends_now else f"{gone} from {since} on."

    def _stale_ends(self) -> Iterator[str]:
        start, end = self.trend.start, self.trend.end
        if start.method == AT_START and start.stale:
            yield self._uncertain("at the start", start)
        if end.method == AT_END and end.stale:
            yield self._uncertain(self._end, end)

    def _uncertain(self, when: str, end: Endpoint) -> str:
        seen = f", last seen {self.local.when(end.observed_at)}" if end.observed_at else ""
        return f"The price {when} is uncertain{seen}."


def _shares(trend: Trend) -> Iterator[str]:
    """Yield how much of the time is known, and how much of that had a price."""
    if trend.change.reason == "never_observed":
        return
    coverage, available = trend.whole.coverage, trend.whole.available
    told = []
    if coverage is not None and coverage < 1:
        told.append(f"known for {share(coverage)} of the time")
    if trend.low and available is not None and available < 1:
        told.append(f"in stock for {share(available)} of {'that' if told else 'the time'}")
    if told:
        yield f"{', '.join(told).capitalize()}."


def _reasons(trend: Trend) -> Iterator[str]:
    """Yield why the best price changed, and what did not change with it."""
    told = []
    if parts := ", ".join(_parts(trend.explanation) if trend.explanation else []):
        told.append(f"Why: {parts}.")
    same = trend.like_for_like
    if same and same.percent:
        offers = f"{same.offers} offer{'' if same.offers == 1 else 's'}"
        told.append(f"Like for like ({offers}): {_move(same.percent)}.")
    if told:
        yield " ".join(told)


def _parts(explanation: Explanation) -> Iterator[str]:
    gone, repricing, come, replacement = explanation
    if gone:
        yield f"cheaper offers left ({gone:+,})"
    if repricing:
        moved = "dearer" if repricing > 0 else "cheaper"
        yield f"the best of those that stayed got {moved} ({repricing:+,})"
    if come:
        yield f"cheaper offers came ({come:+,})"
    if replacement:
        yield f"others took the place of all offers ({replacement:+,})"


def _move(percent: Exact) -> str:
    return f"{'up' if percent > 0 else 'down'} {percentage(percent)}"

"""The trend: everything that a period of history is summed up in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from aggregator.history.bars import Bar, Value
from aggregator.history.change import PriceChange
from aggregator.history.explain import Explanation, LikeForLike
from aggregator.history.landmarks import Mark
from aggregator.history.period import Period

EXACT, HOURLY = "exact", "PT1H"


class Endpoint(NamedTuple):
    """One of the two prices that the change is told between. All None where there is none."""

    value: Value = None
    at: int | None = None
    """The period's start or end, or the instant that it moved to."""
    observed_at: int | None = None
    """The poll that saw the price; None also where it is no longer known."""
    method: str | None = None
    """``at_start``, ``first_in_period``, ``at_end`` or ``last_in_period``."""
    stale: bool | None = None
    """Whether that poll had become stale by then."""
    offer_id: UUID | None = None
    """Whose price it is; None for aggregates other than ``best``."""


class Bucket(NamedTuple):
    """One part of the series. Where nothing is known of it, all prices are None."""

    bar: Bar
    partial: bool
    """Whether the period holds only a part of it."""

    @property
    def open(self) -> Value:
        """The price at its start."""
        return self.bar.open if self.bar.known_ms else None

    @property
    def close(self) -> Value:
        """The price just before its end."""
        return self.bar.close if self.bar.known_ms else None

    @property
    def low(self) -> Value:
        """The lowest price."""
        return self.bar.low if self.bar.known_ms else None

    @property
    def high(self) -> Value:
        """The highest price."""
        return self.bar.high if self.bar.known_ms else None


@dataclass(frozen=True, slots=True)
class Trend:
    """The trend of a product's aggregate, or of one offer. Nothing is rounded."""

    product_id: UUID
    offer_id: UUID | None
    aggregate: str
    period: Period
    start: Endpoint
    end: Endpoint
    change: PriceChange
    explanation: Explanation | None
    like_for_like: LikeForLike | None
    low: Mark | None
    high: Mark | None
    whole: Bar
    """The period as one bar."""
    resolution: str
    """``exact``, or ``PT1H`` where only hourly figures are left of some of it."""
    interval: str
    buckets: Sequence[Bucket]

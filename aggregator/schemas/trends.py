"""The trend, as clients ask for it and receive it. docs/trend.md says what each figure means."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from aggregator.history.aggregates import AGGREGATES, BEST
from aggregator.history.buckets import AUTO, INTERVALS
from aggregator.history.change import NEAREST, STRICT
from aggregator.history.rounding import rounded, rounded_ratio
from aggregator.history.trend import Bucket
from aggregator.schemas.base import Choice, NestedOrNulls
from aggregator.schemas.numbers import InstantMs, Rounded, format_ms
from aggregator.schemas.periods import RESOLUTIONS, PeriodQuery, PeriodSchema


class OfferTrendQuery(PeriodQuery):
    """The parameters of an offer's trend."""

    endpoints = Choice(NEAREST, STRICT, load_default=NEAREST)
    interval = Choice(AUTO, *INTERVALS, load_default=AUTO)


class TrendQuery(OfferTrendQuery):
    """The parameters of a product's trend."""

    aggregate = Choice(*AGGREGATES, load_default=BEST)


class EndpointSchema(Schema):
    """One of the two prices that the change is told between."""

    value = Rounded(allow_none=True)
    at = InstantMs(allow_none=True)
    observed_at = InstantMs(allow_none=True)
    method = fields.String(allow_none=True)
    stale = fields.Boolean(allow_none=True)
    offer_id = fields.UUID(allow_none=True)


class ChangeSchema(Schema):
    """The rise or fall."""

    absolute = Rounded(allow_none=True)
    percent = Rounded(allow_none=True)
    direction = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class ExplanationSchema(Schema):
    """Parts that sum to the absolute change."""

    exit = Rounded(allow_none=True)
    repricing = Rounded(allow_none=True)
    entry = Rounded(allow_none=True)
    replacement = Rounded()


class LikeForLikeSchema(Schema):
    """The change of those offers alone that were there at both ends."""

    offers = fields.Integer()
    percent = Rounded(allow_none=True)


class MarkSchema(Schema):
    """A price and its first instant."""

    value = Rounded(allow_none=True)
    at = InstantMs(allow_none=True)
    offer_id = fields.UUID(allow_none=True)


class BucketSchema(Schema):
    """One part of the series."""

    at = InstantMs(attribute="bar.start")
    until = InstantMs(attribute="bar.end")
    is_partial = fields.Boolean(attribute="partial", data_key="partial")
    open = Rounded(allow_none=True)
    close = Rounded(allow_none=True)
    low = Rounded(allow_none=True)
    high = Rounded(allow_none=True)
    average = Rounded(allow_none=True, attribute="bar.average")
    coverage = Rounded(attribute="bar.coverage")
    available = Rounded(allow_none=True, attribute="bar.available")


class _Series(fields.List[Any]):
    """Buckets, dumped by hand: walking a schema for each would take longer than the trend."""

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        starts = [format_ms(bucket.bar.start) for bucket in value]
        ends = [*starts[1:], format_ms(value[-1].bar.end)]
        return [_dump_bucket(*bucket) for bucket in zip(value, starts, ends, strict=True)]


def _dump_bucket(bucket: Bucket, start: str, end: str) -> dict[str, Any]:
    """Return a bucket as :class:`BucketSchema` dumps it."""
    bar = bucket.bar
    return {
        "at": start,
        "until": end,
        "partial": bucket.partial,
        "open": rounded(bucket.open),
        "close": rounded(bucket.close),
        "low": rounded(bucket.low),
        "high": rounded(bucket.high),
        "average": rounded_ratio(bar.integral, bar.priced_ms),
        "coverage": rounded_ratio(bar.known_ms, bar.end - bar.start),
        "available": rounded_ratio(bar.priced_ms, bar.known_ms),
    }


class TrendLinksSchema(Schema):
    """``self`` holds the resolved period: opening it later gives the same numbers."""

    self = fields.String()


class TrendSchema(Schema):
    """The trend of a product or of one of its offers."""

    product_id = fields.UUID()
    offer_id = fields.UUID(allow_none=True)
    aggregate = fields.String()
    tz = fields.String(attribute="period.tz")
    period = fields.Nested(PeriodSchema)
    start = fields.Nested(EndpointSchema)
    end = fields.Nested(EndpointSchema)
    change = fields.Nested(ChangeSchema)
    explain = fields.Nested(ExplanationSchema, attribute="explanation", allow_none=True)
    like_for_like = fields.Nested(LikeForLikeSchema, allow_none=True)
    low = NestedOrNulls(MarkSchema)
    high = NestedOrNulls(MarkSchema)
    average = Rounded(allow_none=True, attribute="whole.average")
    coverage = Rounded(attribute="whole.coverage")
    available = Rounded(allow_none=True, attribute="whole.available")
    slope_per_day = Rounded(allow_none=True, attribute="whole.slope_per_day")
    resolution = fields.String(metadata={"enum": RESOLUTIONS})
    interval = fields.String()
    series = _Series(fields.Nested(BucketSchema), attribute="buckets")
    links = fields.Nested(TrendLinksSchema)

"""The address of a trend in the API."""

from __future__ import annotations

import dataclasses
from typing import Any
from urllib.parse import urlencode

from aggregator.history.buckets import AUTO
from aggregator.history.change import NEAREST
from aggregator.history.instants import UTC
from aggregator.history.trend import Trend
from aggregator.schemas.numbers import format_ms

#: What needs not be told in a link.
_DEFAULTS = {"tz": UTC, "endpoints": NEAREST, "interval": AUTO}


def with_links(trend: Trend, *, endpoints: str, interval: str) -> dict[str, Any]:
    """Return what the trend's schema dumps: the trend, and the URL that gives it again.

    :param endpoints: as they were asked for.
    :param interval: as it was asked for.
    """
    told = {field.name: getattr(trend, field.name) for field in dataclasses.fields(trend)}
    return {**told, "links": {"self": _url(trend, endpoints, interval)}}


def _url(trend: Trend, endpoints: str, interval: str) -> str:
    """Return the URL that gives a trend again, however much later."""
    path = f"/api/v1/products/{trend.product_id}"
    period = {"from": format_ms(trend.period.start), "to": format_ms(trend.period.end)}
    if trend.offer_id is None:
        query = period | {"aggregate": trend.aggregate}
    else:
        path += f"/offers/{trend.offer_id}"
        query = period
    others = {"tz": trend.period.tz, "endpoints": endpoints, "interval": interval}
    query |= {name: value for name, value in others.items() if value != _DEFAULTS[name]}
    return f"{path}/trend?{urlencode(query, safe=':')}"

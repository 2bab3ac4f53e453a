"""Fields for what history computes: exact numbers, and instants in milliseconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from marshmallow import fields

from aggregator.history.rounding import Exact, rounded

#: In UTC, as is everything here.
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_MILLISECOND = timedelta(milliseconds=1)


class Rounded(fields.Float):
    """A number with at most four decimals. Null is "not computable"."""

    def _serialize(self, value: Exact | None, *args: Any, **kwargs: Any) -> float | None:
        return rounded(value)


class InstantMs(fields.Field[int]):
    """An instant, kept as milliseconds since 1970, in the one form of the API."""

    def _serialize(self, value: int | None, *args: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        return format_ms(value)


def format_ms(instant: int) -> str:
    """Return an instant, in milliseconds since 1970, as RFC 3339 in UTC."""
    return (_EPOCH + instant * _MILLISECOND).isoformat("T", "milliseconds") + "Z"

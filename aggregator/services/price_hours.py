"""Rows of ``price_hours``, as they are read for a trend."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import msgspec
from sqlalchemy import bindparam

from aggregator.history.bars import MS_PER_HOUR, Bar, Value
from aggregator.history.landmarks import Landmarks, Mark
from aggregator.models import PriceHour
from aggregator.sql_functions import epoch_ms

_hours = PriceHour.__table__.c

#: What an :class:`Hour` is made of, in its order.
COLUMNS = (
    epoch_ms(_hours.hour),
    _hours.open,
    _hours.close,
    _hours.low,
    _hours.high,
    _hours.known_ms,
    _hours.priced_ms,
    _hours.integral,
    _hours.t,
    _hours.tt,
    _hours.price_t,
    epoch_ms(_hours.first_at),
    _hours.first,
    epoch_ms(_hours.last_until),
    _hours.last,
    epoch_ms(_hours.low_at),
    _hours.low_offer_id,
    epoch_ms(_hours.high_at),
    _hours.high_offer_id,
)
#: The hours of an aggregate of a product, from ``start`` up to ``end``.
INSIDE = (
    _hours.product_id == bindparam("product_id"),
    _hours.aggregate == bindparam("aggregate"),
    _hours.hour >= bindparam("start"),
    _hours.hour < bindparam("end"),
)


class Hour(msgspec.Struct, array_like=True, gc=False):
    """One hour of an aggregate. Instants are milliseconds since 1970."""

    start: int
    open: Value
    close: Value
    low: Value
    high: Value
    known_ms: int
    priced_ms: int
    integral: int | float
    t: float
    tt: float
    price_t: float
    first_at: int | None
    first: Value
    last_until: int | None
    last: Value
    low_at: int | None
    low_offer_id: UUID | None
    high_at: int | None
    high_offer_id: UUID | None

    @property
    def end(self) -> int:
        """The start of the next hour."""
        return self.start + MS_PER_HOUR

    def bar(self) -> Bar:
        """Return the hour as a bar."""
        return Bar(
            self.start,
            self.end,
            self.open,
            self.close,
            self.low,
            self.high,
            self.known_ms,
            self.priced_ms,
            _whole(self.integral),
            self.t,
            self.tt,
            self.price_t,
        )

    def landmarks(self) -> Landmarks:
        """Return the landmarks of the hour."""
        return Landmarks(
            _mark(self.start, self.open) or _mark(self.first_at, self.first),
            _mark(self.end, self.close) or _mark(self.last_until, self.last),
            _mark(self.low_at, self.low, self.low_offer_id),
            _mark(self.high_at, self.high, self.high_offer_id),
        )


def _whole(integral: float) -> int | float:
    """Return a whole number as an integer: SQLite keeps a large one as the text of a double."""
    if isinstance(integral, float) and integral.is_integer():
        return int(Decimal(repr(integral)))
    return integral


def _mark(at: int | None, value: Value, offer_id: UUID | None = None) -> Mark | None:
    return None if at is None or value is None else Mark(at, value, offer_id)

"""Parameters that choose a period."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from aggregator.clock import to_ms, utc_now
from aggregator.errors import InvalidInput
from aggregator.history.instants import read_instant
from aggregator.history.period import Period, resolve_period
from aggregator.schemas.base import QuerySchema, Text, message
from aggregator.schemas.numbers import InstantMs


class PastInstant(fields.Field[int]):
    """An instant that is over. Loaded, it is in milliseconds since 1970."""

    def _deserialize(self, value: str, attr: str | None, *args: Any, **kwargs: Any) -> int:
        try:
            instant = read_instant(attr or "", value)
        except InvalidInput as error:
            raise ValidationError(_messages(error)) from None
        if instant > to_ms(utc_now()):
            raise ValidationError([message("future", "This must not be later than now.")])
        return instant


#: How exactly an answer about the past can be told: to the poll, or to the hour.
RESOLUTIONS = ["exact", "PT1H"]
_NAMES = {"start": "from", "end": "to", "period": "period", "tz": "tz"}


class PeriodQuery(QuerySchema):
    """``from``, ``to``, ``period`` and ``tz``: loaded, they are one ``period``."""

    start = Text(max_length=100, data_key="from", load_default=None)
    end = Text(max_length=100, data_key="to", load_default=None)
    period = Text(max_length=100, load_default=None)
    tz = Text(max_length=100, load_default=None)

    @validates_schema(skip_on_field_errors=False)
    def _check(self, loaded: dict[str, Any], **_: Any) -> None:
        """Tell the faults of the period together with those of other parameters."""
        try:
            _resolve(loaded)
        except InvalidInput as error:
            names = {fault.where for fault in error.faults}
            told = {name: _messages(error, name) for name in names}
            raise ValidationError(told) from None

    @post_load
    def _make(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        period = _resolve(loaded)
        others = {name: value for name, value in loaded.items() if name not in _NAMES}
        return {**others, "period": period}


def _resolve(loaded: dict[str, Any]) -> Period:
    given = {name: loaded.get(name) for name in _NAMES}
    return resolve_period(**given, now=to_ms(utc_now()))


def _messages(error: InvalidInput, where: str | None = None) -> list[Any]:
    """Return the faults of a place, or all, as messages."""
    return [message(f.code, f.detail) for f in error.faults if where in (None, f.where)]


class PeriodSchema(Schema):
    """A period as it was resolved."""

    start = InstantMs(data_key="from")
    end = InstantMs(data_key="to")
    seconds = fields.Function(
        lambda period: (period.end - period.start) / 1000, metadata={"type": "number"}
    )
    clamped = fields.Boolean()
    """Whether the end was asked for in the future, and is now instead."""

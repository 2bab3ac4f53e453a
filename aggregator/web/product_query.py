"""What people ask a product's page for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marshmallow import ValidationError

from aggregator.clock import from_ms
from aggregator.errors import Fault
from aggregator.history.period import Period
from aggregator.schemas.base import Uuid, find_faults
from aggregator.schemas.periods import PastInstant
from aggregator.schemas.trends import TrendQuery
from aggregator.services.trends import TrendQuestion
from aggregator.web.choices import PERIODS
from aggregator.web.product_words import Span, span_between

_PERIOD = ("period", "from", "to")
_HISTORY = ("older_at", "older_offer")
_NAMES = (*_PERIOD, "aggregate", *_HISTORY)


class _Schema(TrendQuery):
    """What the page takes: what a trend does, and where its page of history begins."""

    older_at = PastInstant(load_default=None)
    older_offer = Uuid(load_default=None)


@dataclass(frozen=True, slots=True)
class ProductQuery:
    """Parameters that could be read, or what stands in for those that could not."""

    question: TrendQuestion
    chosen: Mapping[str, str]
    """The period as links carry it on: ``period``, or ``from`` and ``to``."""
    after: tuple[datetime, UUID] | None
    """The last change of the page of history before; None for the latest changes."""
    faults: Sequence[Fault]

    @property
    def period(self) -> str | None:
        """The chosen one of the usual periods."""
        return self.chosen.get("period") if len(self.chosen) == 1 else None

    def span(self, period: Period) -> Span:
        """Return the period in words, as it was answered."""
        if self.period in PERIODS:
            return Span(f"in {PERIODS[self.period]}", ends_now=True)
        up_to_now = "to" not in self.chosen and len(self.chosen) == 1
        return span_between(period, ends_now=up_to_now or period.clamped)


def read_query(
    arguments: Mapping[str, str], usual_period: str, faults: Sequence[Fault] = ()
) -> ProductQuery:
    """Return what the parameters ask for. Parameters of other pages are left alone.

    :param usual_period: the one where none is asked for.
    :param faults: of parameters that are left alone as well, found by somebody else.
    """
    wrong = {fault.where for fault in faults}
    for together in (_PERIOD, _HISTORY):
        if wrong.intersection(together):
            wrong.update(together)
    given = {name: arguments[name] for name in _NAMES if arguments.get(name) and name not in wrong}
    try:
        return _load(given, usual_period, faults)
    except ValidationError as error:
        return read_query(
            arguments, usual_period, [*faults, *find_faults(error.messages, "parameter")]
        )


def _load(given: Mapping[str, str], usual_period: str, faults: Sequence[Fault]) -> ProductQuery:
    chosen = {name: given[name] for name in _PERIOD if name in given} or {"period": usual_period}
    loaded = _Schema().load({**given, **chosen})
    older_at, older_offer = loaded.pop("older_at"), loaded.pop("older_offer")
    is_older = older_at is not None and older_offer is not None
    after = (from_ms(older_at), older_offer) if is_older else None
    return ProductQuery(TrendQuestion(**loaded), chosen, after, faults)

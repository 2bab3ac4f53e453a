"""The landmarks of many sealed hours of an aggregate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from aggregator.clock import from_ms
from aggregator.history.bars import MS_PER_HOUR
from aggregator.history.landmarks import Landmarks, join_landmarks
from aggregator.models import PriceHour
from aggregator.services.price_hours import COLUMNS, INSIDE, Hour
from aggregator.sql_functions import epoch_ms

_hours = PriceHour.__table__.c

_ORDERS: tuple[tuple[Any, ...], ...] = (
    (_hours.hour,),
    (_hours.hour.desc(),),
    (_hours.low, _hours.hour),
    (_hours.high.desc(), _hours.hour),
)
_PRICED = select(*COLUMNS).where(*INSIDE, _hours.low.is_not(None))
_MARKED = union_all(*(select(_PRICED.order_by(*o).limit(1).subquery()) for o in _ORDERS))
_NEXT = select(epoch_ms(_hours.hour)).where(*INSIDE).order_by(_hours.hour).limit(1)


def find_hour_landmarks(
    session: Session, product_id: UUID, aggregate: str, start: int, end: int
) -> Landmarks:
    """Return the landmarks over hours, low and high of ``best`` with their offers."""
    mine = {"product_id": product_id, "aggregate": aggregate, "end": from_ms(end)}
    marked = session.execute(_MARKED, mine | {"start": from_ms(start)})
    found = join_landmarks(Hour(*row).landmarks() for row in marked)
    if found.last is None or found.last.at == end:
        return found
    following = session.scalars(_NEXT, mine | {"start": from_ms(found.last.at)})
    return carry_last(found, following, end)


def carry_last(found: Landmarks, hours: Iterable[int], end: int) -> Landmarks:
    """Return landmarks with the true end of the last price: where there are no rows it holds on.

    :param hours: those that have rows, in order.
    """
    last = found.last
    if last is None or last.at % MS_PER_HOUR:
        return found
    until = next((hour for hour in hours if hour >= last.at), end)
    return found._replace(last=last._replace(at=until))

"""Dropping old detail: minute-by-minute history is kept for a while, hourly figures for ever."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from aggregator.clock import from_ms, to_ms
from aggregator.history.bars import MS_PER_HOUR
from aggregator.models import PriceDetail

#: Hours dropped of one product at a time.
_MOST_HOURS = 48


def drop_old_detail(
    session: Session, product_id: UUID, detail_from: int, *, older_than: int, sealed_until: int
) -> int:
    """Drop some of a product's detail; return the hour from which on it is there now.

    :param detail_from: hour from which on it is there before.
    :param older_than: start of the first hour to keep.
    :param sealed_until: start of the first hour that is not sealed.
    """
    end = min(older_than, sealed_until, detail_from + _MOST_HOURS * MS_PER_HOUR)
    if end <= detail_from:
        return detail_from
    mine = PriceDetail.product_id == product_id
    session.execute(delete(PriceDetail).where(mine, PriceDetail.hour < from_ms(end)))
    # What held in a hole behind the dropped hours was told by the last of them.
    kept = session.scalar(select(func.min(PriceDetail.hour)).where(mine))
    return to_ms(kept) if kept else sealed_until

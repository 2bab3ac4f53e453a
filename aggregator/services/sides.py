"""What was on offer at past instants, of many products at once. All of it is sealed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from aggregator.clock import from_ms, to_ms
from aggregator.history.bars import MS_PER_HOUR
from aggregator.history.codec.offer_hours import decode_offer_hours
from aggregator.models import OfferFigures, PriceDetail
from aggregator.recordset import recordset
from aggregator.services.archive import Side
from aggregator.services.paging import AnyRow
from aggregator.services.sealed_details import read_detail

#: A product, and an instant in milliseconds since 1970.
Moment = tuple[UUID, int]


def find_sides(
    session: Session, moments: Collection[Moment], detail_from: Mapping[UUID, int]
) -> dict[Moment, Side]:
    """Return what was on offer at each moment; nothing where that is no longer known.

    :param moments: within the sealed history of their products.
    :param detail_from: of each product the hour before which there are only hourly figures.
    """
    sides = dict.fromkeys(moments, Side({}, None))
    for moment, row in _find_last_hours(session, moments) if moments else ():
        product_id, instant = moment
        if instant % MS_PER_HOUR == 0:
            sides[moment] = _side_at_full_hour(row, instant)
        elif instant >= detail_from[product_id]:
            detail = read_detail(to_ms(row.hour), row.detail, row.figures)
            sides[moment] = Side(detail.listing_at(instant), detail.last_poll_at(instant))
    return sides


def _side_at_full_hour(row: AnyRow, instant: int) -> Side:
    """Return what was on offer at the start of an hour: this one, or one behind it."""
    figures = decode_offer_hours(row.figures, to_ms(row.hour))
    if figures.start == instant:
        return Side(figures.opening(), figures.observed_at)
    return Side(figures.closing(), figures.last_poll)


def _find_last_hours(
    session: Session, moments: Collection[Moment]
) -> Iterator[tuple[Moment, AnyRow]]:
    """Yield with each moment the last hour that begins at or before it and has a row."""
    columns = OfferFigures.__table__.c
    types = {"product_id": columns.product_id.type, "instant": columns.hour.type}
    rows = [(product_id, from_ms(instant)) for product_id, instant in moments]
    wanted = recordset(session, types, rows, name="wanted")
    earlier = aliased(OfferFigures)
    last_hour = (
        select(func.max(earlier.hour))
        .where(earlier.product_id == wanted.c.product_id, earlier.hour <= wanted.c.instant)
        .scalar_subquery()
    )
    is_wanted = and_(OfferFigures.product_id == wanted.c.product_id, OfferFigures.hour == last_hour)
    same_hour = and_(
        PriceDetail.product_id == OfferFigures.product_id, PriceDetail.hour == OfferFigures.hour
    )
    query = (
        select(wanted, OfferFigures.hour, OfferFigures.figures, PriceDetail.detail)
        .select_from(wanted)
        .join(OfferFigures, is_wanted)
        .outerjoin(PriceDetail, same_hour)
    )
    for row in session.execute(query):
        yield (row.product_id, to_ms(row.instant)), row

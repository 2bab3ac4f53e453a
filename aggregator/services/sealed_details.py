"""Reading sealed hours: their detail, and their offers' figures."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from aggregator.clock import from_ms, to_ms
from aggregator.history.codec.detail import decode_detail
from aggregator.history.codec.offer_hours import decode_offer_hours, read_offer_ids
from aggregator.history.detail import Detail
from aggregator.history.offer_hours import OfferHours
from aggregator.models import OfferFigures, PriceDetail
from aggregator.services.paging import AnyRow, AnySelect


def sealed_details(product_id: UUID) -> AnySelect:
    """Return a query of a product's sealed details, for :func:`read_detail`."""
    same_hour = and_(
        OfferFigures.product_id == PriceDetail.product_id, OfferFigures.hour == PriceDetail.hour
    )
    return (
        select(PriceDetail.hour, PriceDetail.detail, OfferFigures.figures)
        .join(OfferFigures, same_hour)
        .where(PriceDetail.product_id == product_id)
    )


def read_detail(row: AnyRow) -> Detail:
    """Return the detail that a row of :func:`sealed_details` holds."""
    hour = to_ms(row.hour)
    return decode_detail(row.detail, hour, read_offer_ids(row.figures, hour))


def find_last_figures(session: Session, product_id: UUID, instant: int) -> OfferHours | None:
    """Return the figures of the last sealed hour that begins at or before an instant."""
    row = session.execute(
        select(OfferFigures.hour, OfferFigures.figures)
        .where(OfferFigures.product_id == product_id, OfferFigures.hour <= from_ms(instant))
        .order_by(OfferFigures.hour.desc())
        .limit(1)
    ).first()
    return decode_offer_hours(row.figures, to_ms(row.hour)) if row else None

"""Reading sealed hours: their detail, and their offers' figures."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from aggregator.clock import from_ms
from aggregator.history.codec.detail import decode_detail
from aggregator.history.codec.offer_hours import decode_offer_hours, read_offer_ids
from aggregator.history.detail import Detail
from aggregator.history.offer_hours import OfferHours
from aggregator.models import OfferFigures, PriceDetail
from aggregator.services.paging import AnySelect
from aggregator.sql_functions import epoch_ms

_IS_SAME_HOUR = and_(
    OfferFigures.product_id == PriceDetail.product_id, OfferFigures.hour == PriceDetail.hour
)
#: A product's sealed details, for :func:`read_detail`.
SEALED_DETAILS: AnySelect = (
    select(epoch_ms(PriceDetail.hour).label("hour"), PriceDetail.detail, OfferFigures.figures)
    .join(OfferFigures, _IS_SAME_HOUR)
    .where(PriceDetail.product_id == bindparam("product_id"))
)

# A list of hours, because a range of them makes PostgreSQL read all of the product.
_DETAILS = SEALED_DETAILS.where(PriceDetail.hour.in_(bindparam("hours", expanding=True)))
_LAST_DETAIL = (
    SEALED_DETAILS.where(PriceDetail.hour <= bindparam("instant"))
    .order_by(PriceDetail.hour.desc())
    .limit(1)
)
#: The figures of the last sealed hour that begins at or before an instant.
LAST_FIGURES = (
    select(epoch_ms(OfferFigures.hour).label("hour"), OfferFigures.figures)
    .where(
        OfferFigures.product_id == bindparam("product_id"),
        OfferFigures.hour <= bindparam("instant"),
    )
    .order_by(OfferFigures.hour.desc())
    .limit(1)
)


def read_detail(hour: int, detail: bytes, figures: bytes) -> Detail:
    """Return the detail that a row of :data:`SEALED_DETAILS` holds."""
    return decode_detail(detail, hour, read_offer_ids(figures, hour))


def find_last_figures(session: Session, product_id: UUID, instant: int) -> OfferHours | None:
    """Return the figures of the last sealed hour that begins at or before an instant."""
    at = {"product_id": product_id, "instant": from_ms(instant)}
    row = session.execute(LAST_FIGURES, at).first()
    return decode_offer_hours(row.figures, row.hour) if row else None


def find_details(session: Session, product_id: UUID, hours: Iterable[int]) -> list[Detail]:
    """Return the details of those of these hours that have any, in no order."""
    wanted = {"product_id": product_id, "hours": [from_ms(hour) for hour in hours]}
    return [read_detail(*row) for row in session.execute(_DETAILS, wanted)]


def find_last_detail(session: Session, product_id: UUID, instant: int) -> Detail | None:
    """Return the detail of the last sealed hour that begins at or before an instant."""
    at = {"product_id": product_id, "instant": from_ms(instant)}
    row = session.execute(_LAST_DETAIL, at).first()
    return read_detail(*row) if row else None

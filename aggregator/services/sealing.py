"""Sealing: hours that are over become one row of detail each, and their figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from aggregator.clock import from_ms, to_ms
from aggregator.history.codec.detail import encode_detail
from aggregator.history.codec.offer_hours import encode_offer_hours
from aggregator.history.detail import Detail
from aggregator.history.landmarks import Mark
from aggregator.history.plan import floor_hour
from aggregator.history.summary import Figures, summarise
from aggregator.models import (
    OfferFigures,
    Poll,
    PriceDetail,
    PriceHour,
    PricePoint,
    PriceSeal,
    PriceStart,
)
from aggregator.services.retention import drop_old_detail
from aggregator.services.seal_claims import hold_seals, next_seal
from aggregator.services.unsealed import Unsealed, find_unsealed

log = structlog.get_logger(__name__)

#: Hours sealed of one product at a time: a backlog shall not keep a transaction open for long.
_MOST_HOURS = 6

Row = dict[str, Any]


class _Sealed(NamedTuple):
    """A product's hours as they are to be stored."""

    unsealed: Unsealed
    details: list[Row]
    prices: list[Row]
    offers: list[Row]


def seal_products(
    session: Session,
    product_ids: Sequence[UUID],
    lease: datetime,
    *,
    now: datetime,
    detail_for: timedelta,
) -> int:
    """Seal hours of claimed products, in one transaction; return how many hours.

    What readers found among the recent rows before, they find among the sealed ones after.
    Detail older than ``detail_for`` is dropped on the way, some hours at a time.

    :param lease: end of the claim's lease; products that somebody else has are left alone.
    """
    held = hold_seals(session, product_ids, lease)
    sealed = list(_seal_all(find_unsealed(session, held, most_hours=_MOST_HOURS)))
    _move(session, sealed)
    oldest = floor_hour(to_ms(now - detail_for))
    for product in sealed:
        _advance(session, product, oldest=oldest, now=now)
    return sum(len(product.details) for product in sealed)


def _seal_all(products: Sequence[Unsealed]) -> Iterator[_Sealed]:
    for unsealed in products:
        try:
            yield _seal(unsealed)
        except Exception:
            # A product that trips a fault of ours must not keep the others from being sealed;
            # its own turn comes again when the lease ends.
            log.exception("seal_crashed", product_id=unsealed.product_id)


def _seal(unsealed: Unsealed) -> _Sealed:
    details, prices, offers = [], [], []
    for detail in unsealed.hours():
        key = {"product_id": unsealed.product_id, "hour": from_ms(detail.start)}
        summary = summarise(detail, unsealed.known)
        details.append(key | _detail_row(detail))
        prices += [key | _price_row(name, f) for name, f in summary.aggregates.items()]
        offers.append(key | {"figures": encode_offer_hours(summary.offers)})
    return _Sealed(unsealed, details, prices, offers)


def _detail_row(detail: Detail) -> Row:
    return {"n_changes": sum(1 for _ in detail.events()), "detail": encode_detail(detail)}


def _price_row(aggregate: str, figures: Figures) -> Row:
    bar, (first, last, low, high) = figures.bar, figures.landmarks
    late_first = first if bar.open is None else None
    early_last = last if bar.close is None else None
    return {
        "aggregate": aggregate,
        "known_ms": bar.known_ms,
        "priced_ms": bar.priced_ms,
        "open": bar.open,
        "close": bar.close,
        **_columns("low", "low_at", low),
        "low_offer_id": low and low.offer_id,
        **_columns("high", "high_at", high),
        "high_offer_id": high and high.offer_id,
        **_columns("first", "first_at", late_first),
        **_columns("last", "last_until", early_last),
        "integral": bar.integral,
        "t": bar.t,
        "tt": bar.tt,
        "price_t": bar.price_t,
    }


def _columns(value: str, at: str, mark: Mark | None) -> Row:
    return {value: mark and mark.value, at: mark and from_ms(mark.at)}


def _move(session: Session, sealed: Sequence[_Sealed]) -> None:
    """Write what is sealed, and delete what it was made of."""
    for model, rows in (
        (PriceDetail, [row for product in sealed for row in product.details]),
        (PriceHour, [row for product in sealed for row in product.prices]),
        (OfferFigures, [row for product in sealed for row in product.offers]),
    ):
        if rows:
            session.execute(insert(model), rows)
    for product in sealed:
        product_id, until = product.unsealed.product_id, from_ms(product.unsealed.until)
        for recent, instant in (
            (PricePoint, PricePoint.observed_at),
            (Poll, Poll.observed_at),
            (PriceStart, PriceStart.hour),
        ):
            session.execute(delete(recent).where(recent.product_id == product_id, instant < until))


def _advance(session: Session, product: _Sealed, *, oldest: int, now: datetime) -> None:
    """Note how far a product is sealed now, and when to go on."""
    unsealed = product.unsealed
    detail_from = drop_old_detail(
        session,
        unsealed.product_id,
        unsealed.detail_from,
        older_than=oldest,
        sealed_until=unsealed.until,
    )
    more = unsealed.is_partial or detail_from < min(oldest, unsealed.until)
    session.execute(
        update(PriceSeal)
        .where(PriceSeal.product_id == unsealed.product_id)
        .values(
            sealed_until=from_ms(unsealed.until),
            detail_from=from_ms(detail_from),
            due_at=now if more else next_seal(unsealed.product_id, from_ms(unsealed.until), now),
        )
        .execution_options(synchronize_session=False)
    )

"""Reading offers as they stood at an instant of the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.clock import from_ms
from aggregator.history.detail import Listing
from aggregator.history.known import is_known
from aggregator.history.trend import EXACT, HOURLY
from aggregator.models import Offer
from aggregator.services.archive import Archive
from aggregator.services.offers import SORTS
from aggregator.services.paging import Page, PageRequest, SortKey


class PastOffer(NamedTuple):
    """A listed offer as it stood then."""

    id: UUID
    product_id: UUID
    price: int
    items_in_stock: int
    first_seen_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class PastOffersPage:
    """A page of offers as they stood at an instant."""

    page: Page
    at: int
    """The instant, in milliseconds since 1970: where the detail is gone, its hour's start."""
    checked_at: int | None
    """The poll that saw them; None where there was none, or where it is no longer known."""
    stale: bool
    """Whether that poll had become stale by then."""
    resolution: str
    """``exact``, or ``PT1H`` where only hourly figures are left."""


def list_offers_at(
    session: Session,
    product_id: UUID,
    asked_at: int,
    page: PageRequest,
    *,
    sort: str,
    in_stock: bool | None,
    known_for: timedelta,
) -> PastOffersPage:
    """Return the offers that the last successful poll at or before an instant saw.

    :param asked_at: milliseconds since 1970.
    :param sort: a key of :data:`~aggregator.services.offers.SORTS`.
    :param in_stock: True only buyable ones, False only those without stock, None both.
    :param known_for: how long we know after a successful poll.
    :raises ProductNotFound: There is no such product.
    """
    archive = Archive(session, product_id, known_for=known_for)
    at = archive.nearest_detail(asked_at)
    side = archive.side_at(at)
    chosen = {
        id_: offer
        for id_, offer in side.listing.items()
        if in_stock is None or in_stock == offer.is_buyable
    }
    return PastOffersPage(
        page=_cut(_rows(session, product_id, chosen), SORTS[sort], page),
        at=at,
        checked_at=side.observed_at,
        stale=not is_known(archive.known(at, at + 1), at),
        resolution=HOURLY if archive.lacks_detail(at, at + 1) else EXACT,
    )


def find_standing_before(
    session: Session, product_id: UUID, instant: int, *, known_for: timedelta
) -> Listing:
    """Return the listed offers as they stood just before an instant.

    There are none where that is no longer known.

    :param instant: milliseconds since 1970.
    :param known_for: how long we know after a successful poll.
    :raises ProductNotFound: There is no such product.
    """
    archive = Archive(session, product_id, known_for=known_for)
    before = instant - 1
    if archive.nearest_detail(before) != before:
        return {}
    return archive.side_at(before).listing


def _rows(session: Session, product_id: UUID, listing: Listing) -> list[PastOffer]:
    known = select(Offer.id, Offer.first_seen_at).where(Offer.product_id == product_id)
    first_seen_at = dict(session.execute(known).all())
    return [
        PastOffer(
            id_,
            product_id,
            offer.price,
            offer.items_in_stock,
            first_seen_at[id_],
            from_ms(offer.changed_at),
        )
        for id_, offer in listing.items()
    ]


def _cut(rows: list[PastOffer], keys: Sequence[SortKey], request: PageRequest) -> Page:
    """Return one page of rows that are all there."""
    rows.sort(key=lambda row: _rank(_values(row, keys), keys))
    rest = rows
    if request.after is not None:
        after = _rank(request.after, keys)
        rest = [row for row in rows if _rank(_values(row, keys), keys) > after]
    page = rest[: request.limit]
    more = len(rest) > len(page)
    total = len(rows) if request.with_total else None
    return Page(page, _values(page[-1], keys) if more else None, total)


def _values(row: PastOffer, keys: Sequence[SortKey]) -> tuple[Any, ...]:
    return tuple(getattr(row, key.column.key) for key in keys)


def _rank(values: Sequence[Any], keys: Sequence[SortKey]) -> tuple[Any, ...]:
    """Return sort values as a tuple that sorts ascending."""
    return tuple(-v if key.descending else v for v, key in zip(values, keys, strict=True))

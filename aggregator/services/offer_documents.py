"""The offers of a product as the API shows them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Engine, Select, bindparam, func, select, true

from aggregator.db import reading
from aggregator.errors import ProductNotFound
from aggregator.models import ProductSync
from aggregator.prepared import Prepared
from aggregator.services.documents import DocumentPage, digest
from aggregator.services.keyset import page_keys, page_order, select_page
from aggregator.services.offers import SORTS, select_listed
from aggregator.services.paging import PageRequest, Position, cut_page
from aggregator.services.products import IS_STALE
from aggregator.sql_json import json_row

_MEMBERS = ("id", "product_id", "price", "items_in_stock", "first_seen_at", "changed_at")
_OF_PRODUCT = ProductSync.product_id == bindparam("product_id")
_FRESHNESS = json_row(checked_at=ProductSync.checked_at, stale=IS_STALE.element)


class OfferDocuments(NamedTuple):
    """A page of a product's offers, with how fresh it is."""

    page: DocumentPage
    freshness: str
    """``checked_at`` and ``stale``, as JSON without braces."""


def list_offers(
    engine: Engine,
    product_id: UUID,
    page: PageRequest,
    *,
    sort: str,
    in_stock: bool | None,
    stale_before: datetime,
) -> OfferDocuments:
    """Return the offers that were present at the last successful poll.

    :param sort: a key of :data:`~aggregator.services.offers.SORTS`.
    :param in_stock: True only buyable ones, False only those without stock, None both.
    :param stale_before: a product last polled before this is stale.
    :raises ProductNotFound: There is no such product.
    """
    query = _page(sort, page.position, in_stock)
    parameters = {"product_id": product_id, "stale_before": stale_before, **page.parameters}
    if page.with_total:
        with reading(engine) as session:
            total = session.scalar(_count(in_stock), parameters)
            rows = query.rows(session, **parameters)
    else:
        total, rows = None, query.fetch(engine, **parameters)
    if not rows:
        raise ProductNotFound(product_id)
    freshness = rows[0][0]
    # Where there are no offers, there is one row nevertheless, with nothing but that.
    found = cut_page([row for row in rows if row[-1] is not None], SORTS[sort], page, total)
    items = [row[1] for row in found.rows]
    return OfferDocuments(
        DocumentPage(digest([freshness]), items, found.next, total), freshness[1:-1]
    )


def find_offers_mark(engine: Engine, product_id: UUID, *, stale_before: datetime) -> str:
    """Return the mark of every page that :func:`list_offers` would return now.

    Offers change by polls alone, of which each is later than the last.

    :raises ProductNotFound: There is no such product.
    """
    found = _FIND_FRESHNESS.fetch(engine, product_id=product_id, stale_before=stale_before)
    if not found:
        raise ProductNotFound(product_id)
    return digest(found[0])


_FIND_FRESHNESS = Prepared(select(_FRESHNESS).where(_OF_PRODUCT))


@lru_cache(maxsize=64)
def _page(sort: str, position: Position, in_stock: bool | None) -> Prepared:
    """Return a query whose rows hold freshness, an offer, and its sort values."""
    page = select_page(select_listed(in_stock), SORTS[sort], position).subquery("page")
    offer = json_row(**{name: page.c[name] for name in _MEMBERS})
    query = select(_FRESHNESS, offer, *page_keys(page, SORTS[sort]))
    joined = query.select_from(ProductSync).outerjoin(page, true()).where(_OF_PRODUCT)
    return Prepared(joined.order_by(*page_order(page, SORTS[sort])))


@lru_cache(maxsize=8)
def _count(in_stock: bool | None) -> Select[int]:
    return select_listed(in_stock).with_only_columns(func.count(), maintain_column_froms=True)

"""Listing products: searched, filtered and sorted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Session

from aggregator.models import Product, ProductSync
from aggregator.services.paging import Page, PageRequest, SortKey, fetch_page
from aggregator.services.products import select_products
from aggregator.services.search import has_words

#: What products may be sorted by; a ``-`` before it is for descending.
_COLUMNS: dict[str, tuple[InstrumentedAttribute[object], InstrumentedAttribute[UUID]]] = {
    "created_at": (Product.created_at, Product.id),
    "updated_at": (Product.updated_at, Product.id),
    "name": (Product.sort_name, Product.id),
    "best_price": (ProductSync.best_price, ProductSync.product_id),
}
SORTS = {
    f"{sign}{name}": (SortKey(by, descending=bool(sign)), SortKey(product_id))
    for name, (by, product_id) in _COLUMNS.items()
    for sign in ("", "-")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """Which products are wanted: those that fulfil every condition that is not None."""

    text: str | None = None
    """Each word of it begins a word of the name or the description. It has at least one."""
    ids: Collection[UUID] | None = None
    registered: bool | None = None
    in_stock: bool | None = None
    min_price: int | None = None
    """The best price, at least; who has none does not fulfil it."""
    max_price: int | None = None
    """The best price, at most; who has none does not fulfil it."""


def list_products(
    session: Session,
    page: PageRequest,
    *,
    wanted: ProductFilter,
    sort: str,
    stale_before: datetime,
) -> Page:
    """Return a page of the products that are wanted.

    :param sort: a key of :data:`SORTS`.
    :param stale_before: a product last polled before this is stale.
    """
    query = select_products(stale_before).where(*_conditions(session, wanted))
    return fetch_page(session, query, SORTS[sort], page)


def _conditions(session: Session, wanted: ProductFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.text is not None:
        yield has_words(session, wanted.text)
    if wanted.ids is not None:
        yield Product.id.in_(wanted.ids)
    if wanted.registered is not None:
        registered_at = ProductSync.registered_at
        yield registered_at.is_not(None) if wanted.registered else registered_at.is_(None)
    if wanted.in_stock is not None:
        yield ProductSync.offers_count > 0 if wanted.in_stock else ProductSync.offers_count == 0
    if wanted.min_price is not None:
        yield ProductSync.best_price >= wanted.min_price
    if wanted.max_price is not None:
        yield ProductSync.best_price <= wanted.max_price

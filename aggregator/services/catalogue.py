"""Listing products: searched, filtered and sorted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy.orm import InstrumentedAttribute, Session

from aggregator.models import Product, ProductSync
from aggregator.services.keyset import fetch_page
from aggregator.services.paging import Page, PageRequest, SortKey
from aggregator.services.products import PRODUCTS
from aggregator.services.search import Way, ask_for_words, has_words, way_to_all

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


class Shape(NamedTuple):
    """Which conditions there are, so that one query serves all who want as many.

    What they compare with are parameters, for which :func:`parameters_of` has the values.
    """

    way: Way | None
    """How words are looked for; None where none are wanted."""
    ids: bool
    registered: bool | None
    in_stock: bool | None
    min_price: bool
    max_price: bool


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

    def shape(self, way: Way) -> Shape:
        """Return which conditions these are.

        :param way: to look for words, where there are any.
        """
        return Shape(
            way if self.text is not None else None,
            ids=self.ids is not None,
            registered=self.registered,
            in_stock=self.in_stock,
            min_price=self.min_price is not None,
            max_price=self.max_price is not None,
        )


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
    dialect = session.get_bind().dialect.name
    query = PRODUCTS.where(*conditions(wanted.shape(way_to_all(dialect))))
    parameters = parameters_of(wanted, dialect, stale_before)
    return fetch_page(session, query, SORTS[sort], page, parameters)


def conditions(shape: Shape) -> Iterator[ColumnElement[bool]]:
    """Yield what products must fulfil."""
    if shape.way is not None:
        yield has_words(shape.way)
    if shape.ids:
        yield Product.id.in_(bindparam("ids", expanding=True))
    if shape.registered is not None:
        registered_at = ProductSync.registered_at
        yield registered_at.is_not(None) if shape.registered else registered_at.is_(None)
    if shape.in_stock is not None:
        yield ProductSync.offers_count > 0 if shape.in_stock else ProductSync.offers_count == 0
    if shape.min_price:
        yield ProductSync.best_price >= bindparam("min_price")
    if shape.max_price:
        yield ProductSync.best_price <= bindparam("max_price")


def parameters_of(wanted: ProductFilter, dialect: str, stale_before: datetime) -> dict[str, Any]:
    """Return the parameters of a query with these conditions.

    :param dialect: the database's kind.
    """
    words = {} if wanted.text is None else ask_for_words(wanted.text, dialect)
    others = {"ids": wanted.ids, "min_price": wanted.min_price, "max_price": wanted.max_price}
    given = {name: value for name, value in others.items() if value is not None}
    return {"stale_before": stale_before, **words, **given}

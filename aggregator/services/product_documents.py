"""Products as the API shows them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Engine, FromClause, Select, bindparam, func, select
from sqlalchemy.orm import Session

from aggregator.db import reading
from aggregator.errors import ProductNotFound
from aggregator.models import Product
from aggregator.prepared import Prepared, Rows
from aggregator.services.catalogue import SORTS, ProductFilter, Shape, conditions, parameters_of
from aggregator.services.documents import Document, DocumentPage, digest
from aggregator.services.keyset import page_keys, page_order, select_page
from aggregator.services.paging import AnySelect, PageRequest, Position, cut_page
from aggregator.services.products import PRODUCTS, STATES
from aggregator.services.search import choose_way, way_to_all
from aggregator.sql_json import json_row

#: What people write, and beside it what is never as long, and changes whenever that does.
_TEXT = ("id", "name", "description")
_STATE = (
    "version",
    "created_at",
    "updated_at",
    "registered_at",
    "registration_error",
    "best_price",
    "offers_count",
    "checked_at",
    "stale",
)


def find_product(engine: Engine, product_id: UUID, stale_before: datetime) -> Document:
    """Return a product. Its mark begins with its version and a dot.

    :param stale_before: a product last polled before this is stale.
    :raises ProductNotFound: There is none.
    """
    found = _PRODUCT.fetch(engine, product_id=product_id, stale_before=stale_before)
    return _document(found, product_id)


def find_product_mark(engine: Engine, product_id: UUID, stale_before: datetime) -> str:
    """Return the mark of what :func:`find_product` would return now.

    :raises ProductNotFound: There is none.
    """
    found = _PRODUCT_STATE.fetch(engine, product_id=product_id, stale_before=stale_before)
    return _document(found, product_id).mark


def read_product(session: Session, product_id: UUID, stale_before: datetime) -> Document:
    """Return a product like :func:`find_product`, in a transaction that may have changed it."""
    found = _PRODUCT.rows(session, product_id=product_id, stale_before=stale_before)
    return _document(found, product_id)


def list_products(
    engine: Engine,
    page: PageRequest,
    *,
    wanted: ProductFilter,
    sort: str,
    stale_before: datetime,
    mark_only: bool = False,
) -> DocumentPage:
    """Return a page of the products that are wanted.

    :param sort: a key of :data:`~aggregator.services.catalogue.SORTS`.
    :param stale_before: a product last polled before this is stale.
    """
    way = way_to_all(engine.name)
    if wanted.text is not None and not page.with_total:
        by_product = SORTS[sort][0].column.class_ is Product
        way = choose_way(engine, wanted.text, by_product=by_product)
    shape = wanted.shape(way)
    query = _page(shape, sort, page.position, mark_only)
    parameters = parameters_of(wanted, engine.name, stale_before) | page.parameters
    if page.with_total or wanted.ids is not None:
        with reading(engine) as session:
            total = session.scalar(_count(shape), parameters) if page.with_total else None
            rows = query.rows(session, **parameters)
    else:
        total, rows = None, query.fetch(engine, **parameters)
    found = cut_page(rows, SORTS[sort], page, total)
    # Databases write ids with dashes or without.
    states = (f"{row[-1].replace('-', '')}{row[0]}" for row in found.rows)
    mark = digest([f"{found.next is None} {total}", *states])
    items = [] if mark_only else [_whole(text, state) for state, text, *_ in found.rows]
    return DocumentPage(mark, items, found.next, total)


def _one(query: AnySelect, *names: tuple[str, ...]) -> Prepared:
    product = query.where(Product.id == bindparam("product_id")).subquery("product")
    return Prepared(select(product.c.version, *(_object(product, each) for each in names)))


def _object(products: FromClause, names: tuple[str, ...]) -> json_row:
    return json_row(**{name: products.c[name] for name in names})


_PRODUCT = _one(PRODUCTS, _STATE, _TEXT)
_PRODUCT_STATE = _one(STATES, _STATE)


@lru_cache(maxsize=128)
def _page(shape: Shape, sort: str, position: Position, mark_only: bool) -> Prepared:
    """Return a query whose rows hold state, text unless only marks are wanted, and sort values."""
    keys, query = SORTS[sort], (STATES if mark_only else PRODUCTS).where(*conditions(shape))
    page = select_page(query, keys, position).subquery("page")
    objects = [_object(page, _STATE), *([] if mark_only else [_object(page, _TEXT)])]
    return Prepared(select(*objects, *page_keys(page, keys)).order_by(*page_order(page, keys)))


@lru_cache(maxsize=128)
def _count(shape: Shape) -> Select[int]:
    query = PRODUCTS.where(*conditions(shape))
    return query.with_only_columns(func.count(), maintain_column_froms=True)


def _document(found: Rows, product_id: UUID) -> Document:
    if not found:
        raise ProductNotFound(product_id)
    version, state, *text = found[0]
    return Document(f"{version}.{digest([state])}", _whole(text[0], state) if text else "")


def _whole(text: str, state: str) -> str:
    """Return two JSON objects as one."""
    return f"{text[:-1]},{state[1:]}"

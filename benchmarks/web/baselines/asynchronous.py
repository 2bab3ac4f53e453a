"""*async*: FastAPI with SQLAlchemy's asyncio and asyncpg, the answers by Pydantic's models.

As its documentation teaches; the statements are those of this product.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select, make_url, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.web.baselines.cursor import next_link
from benchmarks.web.baselines.tables import offers, product_sync, products

_STALE_AFTER = timedelta(seconds=float(os.environ["STALE_AFTER_S"]))
_URL = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg")
_Session = async_sessionmaker(create_async_engine(_URL), expire_on_commit=False)
app = FastAPI()


async def open_session() -> AsyncIterator[AsyncSession]:
    """Open a session for a request."""
    async with _Session() as session:
        yield session


AnySession = Annotated[AsyncSession, Depends(open_session)]


class Product(BaseModel):
    """A product, with where it stands at the offers service."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str
    version: int
    created_at: datetime
    updated_at: datetime
    registered_at: datetime | None
    registration_error: str | None
    best_price: int | None
    offers_count: int
    checked_at: datetime | None
    stale: bool


class Offer(BaseModel):
    """An offer that is listed."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    product_id: UUID
    price: int
    items_in_stock: int
    first_seen_at: datetime
    changed_at: datetime


class Links(BaseModel):
    """Where this page and the next one are."""

    self: str
    next: str | None


class ProductPage(BaseModel):
    """A page of products."""

    items: list[Product]
    links: Links


class OfferPage(BaseModel):
    """A page of a product's offers, with how fresh it is."""

    items: list[Offer]
    checked_at: datetime | None
    stale: bool
    links: Links


@app.get("/api/v1/products", response_model=ProductPage)
async def list_products(request: Request, session: AnySession, limit: int = 50) -> Any:
    """Return the first page, oldest first."""
    query = _products().order_by(products.c.created_at, products.c.id).limit(limit + 1)
    found = (await session.execute(query)).all()
    return {"items": found[:limit], "links": _links(request, found, limit, "created_at")}


@app.get("/api/v1/products/{product_id}", response_model=Product)
async def get_product(product_id: UUID, session: AnySession) -> Any:
    """Return a product, or 404."""
    return await _one(session, _products().where(products.c.id == product_id))


@app.get("/api/v1/products/{product_id}/offers", response_model=OfferPage)
async def list_offers(
    request: Request, product_id: UUID, session: AnySession, limit: int = 50
) -> Any:
    """Return a product's offers, cheapest first, or 404."""
    freshness = select(product_sync.c.checked_at, _stale().label("stale"))
    checked_at, stale = await _one(session, freshness.where(_sync == product_id))
    listed = select(*(offers.c[name] for name in Offer.model_fields)).where(
        offers.c.product_id == product_id, offers.c.ended_at.is_(None)
    )
    query = listed.order_by(offers.c.price, offers.c.id).limit(limit + 1)
    found = (await session.execute(query)).all()
    links = _links(request, found, limit, "price")
    return {"items": found[:limit], "checked_at": checked_at, "stale": stale, "links": links}


_sync = product_sync.c.product_id


def _products() -> Select[Any]:
    columns = {column.name: column for column in (*products.c, *product_sync.c)}
    wanted = (columns[name] for name in Product.model_fields if name != "stale")
    return select(*wanted, _stale().label("stale")).join_from(products, product_sync)


def _stale() -> Any:
    checked_at = product_sync.c.checked_at
    return checked_at.is_(None) | (checked_at < datetime.now(UTC) - _STALE_AFTER)


async def _one(session: AsyncSession, query: Select[Any]) -> Any:
    row = (await session.execute(query)).first()
    if row is None:
        raise HTTPException(404)
    return row


def _links(request: Request, found: Sequence[Any], limit: int, sort: str) -> dict[str, Any]:
    """Return the links of a page of rows; there is one more where another page follows."""
    path, query = request.url.path, request.url.query
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        following = next_link(path, query, getattr(last, sort), last.id)
    return {"self": f"{path}?{query}" if query else path, "next": following}

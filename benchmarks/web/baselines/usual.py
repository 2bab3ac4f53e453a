"""*usual*: ORM objects by Flask-SQLAlchemy, dumped by marshmallow, sent by ``jsonify``.

As its documentation teaches, with one statement for a list and its relations.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask, Response, jsonify, request
from flask_sqlalchemy import SQLAlchemy
from marshmallow import Schema, fields
from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship

from benchmarks.web.baselines.cursor import next_link


class Base(DeclarativeBase):
    """The base of the models."""


_STALE_AFTER = timedelta(seconds=float(os.environ["STALE_AFTER_S"]))
_TIME = DateTime(timezone=True)
db = SQLAlchemy(model_class=Base)
app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
db.init_app(app)


class Sync(Base):
    """Where a product stands with the offers service."""

    __tablename__ = "product_sync"

    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"), primary_key=True)
    registered_at: Mapped[datetime | None] = mapped_column(_TIME)
    registration_error: Mapped[str | None]
    best_price: Mapped[int | None]
    offers_count: Mapped[int]
    checked_at: Mapped[datetime | None] = mapped_column(_TIME)

    @property
    def stale(self) -> bool:
        """Whether the last successful poll is too long ago, or never was."""
        return self.checked_at is None or self.checked_at < datetime.now(UTC) - _STALE_AFTER


class Product(Base):
    """A product of the catalogue."""

    __tablename__ = "products"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(_TIME)
    updated_at: Mapped[datetime] = mapped_column(_TIME)
    sync: Mapped[Sync] = relationship()


class Offer(Base):
    """One seller's offer."""

    __tablename__ = "offers"

    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    price: Mapped[int]
    items_in_stock: Mapped[int]
    first_seen_at: Mapped[datetime] = mapped_column(_TIME)
    changed_at: Mapped[datetime] = mapped_column(_TIME)
    ended_at: Mapped[datetime | None] = mapped_column(_TIME)


class ProductSchema(Schema):
    """A product, with where it stands at the offers service."""

    id = fields.UUID()
    name = fields.String()
    description = fields.String()
    version = fields.Integer()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()
    registered_at = fields.DateTime(attribute="sync.registered_at")
    registration_error = fields.String(attribute="sync.registration_error")
    best_price = fields.Integer(attribute="sync.best_price")
    offers_count = fields.Integer(attribute="sync.offers_count")
    checked_at = fields.DateTime(attribute="sync.checked_at")
    stale = fields.Boolean(attribute="sync.stale")


class OfferSchema(Schema):
    """An offer that is listed."""

    id = fields.UUID()
    product_id = fields.UUID()
    price = fields.Integer()
    items_in_stock = fields.Integer()
    first_seen_at = fields.DateTime()
    changed_at = fields.DateTime()


_product, _products, _offers = ProductSchema(), ProductSchema(many=True), OfferSchema(many=True)


@app.get("/api/v1/products")
def list_products() -> Response:
    """Return the first page, oldest first."""
    limit = request.args.get("limit", 50, type=int)
    query = db.select(Product).options(joinedload(Product.sync, innerjoin=True))
    ordered = query.order_by(Product.created_at, Product.id).limit(limit + 1)
    return _page(_products, db.session.scalars(ordered).all(), limit, "created_at")


@app.get("/api/v1/products/<uuid:product_id>")
def get_product(product_id: UUID) -> Response:
    """Return a product, or 404."""
    options = [joinedload(Product.sync, innerjoin=True)]
    return jsonify(_product.dump(db.get_or_404(Product, product_id, options=options)))


@app.get("/api/v1/products/<uuid:product_id>/offers")
def list_offers(product_id: UUID) -> Response:
    """Return a product's offers, cheapest first, or 404."""
    limit = request.args.get("limit", 50, type=int)
    sync = db.get_or_404(Sync, product_id)
    query = db.select(Offer).where(Offer.product_id == product_id, Offer.ended_at.is_(None))
    ordered = query.order_by(Offer.price, Offer.id).limit(limit + 1)
    found = db.session.scalars(ordered).all()
    freshness = {"checked_at": sync.checked_at and sync.checked_at.isoformat(), "stale": sync.stale}
    return _page(_offers, found, limit, "price", **freshness)


def _page(schema: Schema, found: Any, limit: int, sort: str, **more: Any) -> Response:
    """Return a page of rows; there is one more where another page follows."""
    query = request.query_string.decode()
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        following = next_link(request.path, query, getattr(last, sort), last.id)
    links = {"self": request.full_path.rstrip("?"), "next": following}
    return jsonify(items=schema.dump(found[:limit]), links=links, **more)

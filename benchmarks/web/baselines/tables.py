"""The tables that *async* reads, as far as it does."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
)

_metadata = MetaData()
_TIME = DateTime(timezone=True)

products = Table(
    "products",
    _metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String),
    Column("description", String),
    Column("created_at", _TIME),
    Column("updated_at", _TIME),
    Column("version", Integer),
)
product_sync = Table(
    "product_sync",
    _metadata,
    Column("product_id", Uuid, ForeignKey("products.id"), primary_key=True),
    Column("registered_at", _TIME),
    Column("registration_error", String),
    Column("checked_at", _TIME),
    Column("best_price", BigInteger),
    Column("offers_count", Integer),
)
offers = Table(
    "offers",
    _metadata,
    Column("product_id", Uuid, ForeignKey("products.id"), primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("price", BigInteger),
    Column("items_in_stock", BigInteger),
    Column("first_seen_at", _TIME),
    Column("changed_at", _TIME),
    Column("ended_at", _TIME),
)

"""A product's text, and beside it the narrow row that the poller keeps turning."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, desc
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.db import Base

#: Sorted by code points on every database, as SQLite does by itself.
_SORT_NAME = String(255).with_variant(String(255, collation="C"), "postgresql")


class Product(Base):
    """A product of the catalogue, as people wrote it."""

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        Index(None, "created_at", "id"),
        Index("ix_products_created_at_descending", desc("created_at"), "id"),
        Index(None, "updated_at", "id"),
        Index("ix_products_updated_at_descending", desc("updated_at"), "id"),
        Index(None, "sort_name", "id"),
        Index("ix_products_sort_name_descending", desc("sort_name"), "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    """UTC time of the last change of name or description."""
    version: Mapped[int] = mapped_column(default=1)
    """Counts the changes of name and description, from 1."""
    sort_name: Mapped[str] = mapped_column(_SORT_NAME, server_default="")
    """The name, folded, as far as lists are sorted by it."""
    words: Mapped[str] = mapped_column(Text, server_default="")
    """The words of name and description, folded, each once, with spaces between. What a search
    looks them up in differs by the database; the migrations make it, and keep it up to date."""


class ProductSync(Base):
    """Where a product stands with the offers service. One row a product."""

    __tablename__ = "product_sync"
    __table_args__ = (
        CheckConstraint("failures >= 0", name="failures_not_negative"),
        Index(None, "best_price", "product_id"),
        Index("ix_product_sync_best_price_descending", desc("best_price"), "product_id"),
    )

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    due_at: Mapped[datetime] = mapped_column(index=True)
    """Schedule, lease and back-off in one: nobody touches the product before. Whoever claims
    it moves this on, and writes results only while it is still what they set."""
    registered_at: Mapped[datetime | None]
    """UTC time of the registration; null while the offers service is not known to know it."""
    registration_error: Mapped[str | None] = mapped_column(Text)
    """Why the service refused the registration for good; null where it did not."""
    first_checked_at: Mapped[datetime | None]
    """UTC time of the first successful poll: before it, nothing was ever observed."""
    checked_at: Mapped[datetime | None]
    """UTC time of the last successful poll. Strictly increasing."""
    failures: Mapped[int] = mapped_column(default=0)
    """Attempts that failed in a row, by the product's own fault."""
    last_error: Mapped[str | None] = mapped_column(Text)
    """What went wrong in the last attempt; null where nothing did."""
    best_price: Mapped[int | None] = mapped_column(BigInteger)
    """The lowest price of a buyable offer; null where nothing is buyable."""
    offers_count: Mapped[int] = mapped_column(default=0)
    """How many offers are buyable."""

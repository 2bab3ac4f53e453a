"""History that is sealed: one row an hour instead of one a change.

An hour in which there was no poll and in which nothing was known has no rows; what its
predecessor ended with still holds.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, String, text
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.db import Base
from aggregator.numbers import BigNumber, Number


class PriceSeal(Base):
    """How far a product's history is sealed. One row a product, from its first poll on."""

    __tablename__ = "price_seals"

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    due_at: Mapped[datetime] = mapped_column(index=True)
    """Schedule and lease in one, as in ``product_sync``: nobody seals the product before."""
    sealed_until: Mapped[datetime]
    """UTC hour. What was observed before it is sealed, what was observed from it on is not."""
    detail_from: Mapped[datetime]
    """UTC hour. Of the time before it only hourly figures are left."""


class PriceDetail(Base):
    """An hour's changes and polls, exact to the millisecond."""

    __tablename__ = "price_detail"

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    """UTC time at which the hour begins."""
    n_changes: Mapped[int]
    """How many changes of offers there are in it."""
    detail: Mapped[bytes]
    """What ``history.codec.detail`` reads; the offers' ids stand in ``offer_hours``."""


class PriceHour(Base):
    """What an aggregate of a product's prices did over an hour.

    ``open``, ``close``, ``low`` and ``high`` are null where nothing was buyable then. Columns of
    the same width stand together, so that rows have no padding.
    """

    __tablename__ = "price_hours"
    __table_args__ = (
        PrimaryKeyConstraint("product_id", "aggregate", "hour"),
        Index(
            "ix_price_hours_best_by_hour",
            "hour",
            "product_id",
            "open",
            "first",
            sqlite_where=text("aggregate = 'best'"),
            postgresql_where=text("aggregate = 'best'"),
        ),
        {"sqlite_with_rowid": False},
    )

    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    hour: Mapped[datetime]
    """UTC time at which the hour begins."""
    low_at: Mapped[datetime | None]
    """UTC time of the first instant of the lowest price."""
    high_at: Mapped[datetime | None]
    """UTC time of the first instant of the highest price."""
    first_at: Mapped[datetime | None]
    """UTC time of the first price of an hour that begins without one."""
    last_until: Mapped[datetime | None]
    """UTC time at which the last price of an hour ended that ends without one."""
    t: Mapped[float]
    """Mean of the time that ``priced_ms`` counts, in hours since the hour's start."""
    tt: Mapped[float]
    """Integral of the squared distance from that mean, in cubic hours."""
    price_t: Mapped[float]
    """Integral of price times distance from that mean, in price times square hours."""
    known_ms: Mapped[int]
    """Milliseconds of the hour in which we knew."""
    priced_ms: Mapped[int]
    """Milliseconds of the hour in which we knew, and something was buyable."""
    low_offer_id: Mapped[UUID | None]
    """Whose the lowest price was; of ``best`` only."""
    high_offer_id: Mapped[UUID | None]
    """Whose the highest price was; of ``best`` only."""
    aggregate: Mapped[str] = mapped_column(String(6))
    """``best``, ``mean`` or ``median``."""
    open: Mapped[float | None] = mapped_column(Number)
    """At the start of the hour."""
    close: Mapped[float | None] = mapped_column(Number)
    """Just before its end."""
    low: Mapped[float | None] = mapped_column(Number)
    high: Mapped[float | None] = mapped_column(Number)
    first: Mapped[float | None] = mapped_column(Number)
    """The price at ``first_at``; null where that is."""
    last: Mapped[float | None] = mapped_column(Number)
    """The price just before ``last_until``; null where that is."""
    integral: Mapped[int] = mapped_column(BigNumber)
    """Sum of price times milliseconds over ``priced_ms``: divided by these it is the average."""


class OfferFigures(Base):
    """What the single offers of a product did over an hour."""

    __tablename__ = "offer_hours"
    __table_args__ = {"sqlite_with_rowid": False}

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    """UTC time at which the hour begins."""
    figures: Mapped[bytes]
    """What ``history.codec.offer_hours`` reads."""

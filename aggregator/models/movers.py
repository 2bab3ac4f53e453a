"""Prices kept at hand, so that all products can be compared with an hour of the past at once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.db import Base


class PriceStart(Base):
    """The first best price of an hour that is not sealed yet. Goes when the hour is sealed.

    Of a stretch without polls only the last hour that begins in it has a row. What it tells
    has held since ``observed_at``.
    """

    __tablename__ = "price_starts"
    __table_args__ = {"sqlite_with_rowid": False}

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    hour: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    """UTC time at which the hour begins."""
    price: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    """The start of the hour, or the poll in it that first found something buyable."""
    observed_at: Mapped[datetime]
    """UTC time of the poll that saw the price."""
    offer_id: Mapped[UUID]
    """Whose price it was."""


class FirstPrice(Base):
    """The first best price that a product ever had. Never changes."""

    __tablename__ = "first_prices"

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    price: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(index=True)
    """UTC time of the poll that saw it."""


class LastPrice(Base):
    """The last best price of a product of which nothing is buyable any more.

    Goes when something is again.
    """

    __tablename__ = "last_prices"

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    price: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[datetime]
    """UTC time of the poll that found nothing buyable."""
    observed_at: Mapped[datetime]
    """UTC time of the last poll that saw the price: the one before."""
    offer_id: Mapped[UUID]
    """Whose price it was."""

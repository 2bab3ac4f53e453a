"""The offers of a product, as the last successful poll saw them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.db import Base


class Offer(Base):
    """One seller's offer. The same id at two products is two offers."""

    __tablename__ = "offers"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price_not_negative"),
        CheckConstraint("items_in_stock >= 0", name="items_in_stock_not_negative"),
    )

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    price: Mapped[int] = mapped_column(BigInteger)
    """In the offers service's own unit; the last known one where the offer ended."""
    items_in_stock: Mapped[int] = mapped_column(BigInteger)
    """0 is listed, but not buyable."""
    first_seen_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    """UTC time of the poll that last saw another price, another stock, or a return."""
    ended_at: Mapped[datetime | None]
    """UTC time of the poll that no longer saw the offer; null while it is listed."""

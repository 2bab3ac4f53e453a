"""What polls observed lately: the changes, the polls themselves, and the gaps between them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.db import Base


class PricePoint(Base):
    """An offer's state from an instant on, until its next point. Moves away when it is sealed."""

    __tablename__ = "price_points"
    __table_args__ = (
        CheckConstraint("(price IS NULL) = (items_in_stock IS NULL)", name="ended_wholly"),
    )

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    observed_at: Mapped[datetime] = mapped_column(primary_key=True)
    """UTC time of the poll that saw the change."""
    offer_id: Mapped[UUID] = mapped_column(primary_key=True)
    price: Mapped[int | None] = mapped_column(BigInteger)
    """Null where the offer ended at this instant."""
    items_in_stock: Mapped[int | None] = mapped_column(BigInteger)
    """Null where the offer ended at this instant."""


class Poll(Base):
    """A successful poll, whether it saw a change or not. Moves away when it is sealed."""

    __tablename__ = "polls"
    __table_args__ = {"sqlite_with_rowid": False}

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    observed_at: Mapped[datetime] = mapped_column(primary_key=True)
    """UTC time at which the answer was complete."""


class PollGap(Base):
    """A stretch between two successful polls in which our knowledge grew stale.

    Only gaps are stored, and for ever: certainty, the usual case, costs nothing.
    """

    __tablename__ = "poll_gaps"
    __table_args__ = (CheckConstraint("started_at < ended_at", name="ends_after_start"),)

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    started_at: Mapped[datetime] = mapped_column(primary_key=True)
    """UTC time at which the last poll before the gap had become stale."""
    last_poll_at: Mapped[datetime]
    """UTC time of the last successful poll before the gap."""
    ended_at: Mapped[datetime]
    """UTC time of the successful poll that ended the gap."""

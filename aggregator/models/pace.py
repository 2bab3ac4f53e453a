"""How fast pollers may ask offers services, agreed upon by all of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Double, Text
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.db import Base


class OffersServicePace(Base):
    """The pace of all pollers together at one offers service. No row: nothing ever limited it."""

    __tablename__ = "offers_service_pace"
    __table_args__ = (
        CheckConstraint("per_s > 0", name="per_s_positive"),
        CheckConstraint("(per_s IS NULL) = (slowed_at IS NULL)", name="slowed_with_rate"),
    )

    base_url: Mapped[str] = mapped_column(Text, primary_key=True)
    next_at: Mapped[datetime]
    """When the next request may be sent: the time before is given away."""
    per_s: Mapped[float | None] = mapped_column(Double)
    """Requests per second agreed upon at ``slowed_at``, from when on it doubles with each poll
    interval; null where none ever was."""
    slowed_at: Mapped[datetime | None]

"""What all pollers together have counted since the database was made."""

from __future__ import annotations

from sqlalchemy import Double, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.db import Base


class PollerFigure(Base):
    """One sample of a Prometheus counter or histogram; its value only grows."""

    __tablename__ = "poller_figures"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    """Of the sample: with ``_total``, ``_bucket``, ``_sum`` or ``_count``."""
    labels: Mapped[str] = mapped_column(Text, primary_key=True)
    """A JSON object with sorted keys."""
    value: Mapped[float] = mapped_column(Double)

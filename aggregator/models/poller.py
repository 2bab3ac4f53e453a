"""The pollers that run, or did until lately."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.db import Base


class Poller(Base):
    """A poller process."""

    __tablename__ = "pollers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """When its work last got on; a process that hangs is not seen."""

"""What is examined, and by which clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from aggregator.services.health.check import Check
from aggregator.services.offers_service import OffersService
from aggregator.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The product, as one process sees it."""

    settings: Settings
    engine: Engine
    offers_service: OffersService
    now: datetime

    @property
    def stale_before(self) -> datetime:
        """The instant before which a product's last poll makes it stale now."""
        return self.now - timedelta(seconds=self.settings.stale_after_s)


#: Looks at something in a transaction that only reads.
Examination = Callable[[Subject, Session], list[Check]]

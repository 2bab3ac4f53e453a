"""The offers service as commands call it."""

from __future__ import annotations

from aggregator import current
from aggregator.db import db
from aggregator.services.offers_service import OffersService, connect_offers_service


def patient_offers_service(n_threads: int = 1) -> OffersService:
    """Return the offers service with the time-out of a poller, not that of a web request."""
    settings = current.settings()
    return connect_offers_service(
        settings, db.engine, timeout_s=settings.offers_timeout_s, n_threads=n_threads
    )

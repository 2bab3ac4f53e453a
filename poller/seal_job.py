"""What the poller does beside polling: it seals hours of history that are over."""

from __future__ import annotations

import time
from datetime import timedelta
from threading import Event

import structlog
from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.services.seal_claims import claim_seals
from aggregator.services.sealing import seal_products
from aggregator.settings import Settings
from poller.metrics import PollerMetrics

log = structlog.get_logger(__name__)

#: Products sealed in one transaction.
_BATCH = 10
#: How long it seals at a stretch, and then leaves processor and database to the polls.
_TURN_S = 0.25


class SealJob:
    """Seals the history of products whose turn it is, a few at a time.

    :param stop: set when the process shall end; nothing new begins then.
    """

    def __init__(
        self, settings: Settings, engine: Engine, stop: Event, metrics: PollerMetrics
    ) -> None:
        self._engine = engine
        self._stop = stop
        self._metrics = metrics
        self._detail_for = timedelta(days=settings.history_detail_days)

    def run(self) -> bool:
        """Seal for a moment; tell whether there is more to do."""
        end = time.monotonic() + _TURN_S
        while self._seal_batch():
            if time.monotonic() >= end:
                self._stop.wait(_TURN_S)
                return True
        return False

    def run_all(self) -> None:
        """Seal all that is due."""
        while self._seal_batch():
            pass

    def _seal_batch(self) -> bool:
        """Seal some products; tell whether there were any."""
        if self._stop.is_set():
            return False
        now = utc_now()
        with unit_of_work(self._engine) as session:
            product_ids, lease = claim_seals(session, now=now, limit=_BATCH)
        if not product_ids:
            return False
        with unit_of_work(self._engine) as session:
            n_hours = seal_products(
                session, product_ids, lease, now=now, detail_for=self._detail_for
            )
        self._metrics.sealed(n_hours)
        if n_hours:
            log.info("hours_sealed", products=len(product_ids), hours=n_hours)
        return True

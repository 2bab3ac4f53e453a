"""What the poller does beside polling: it deletes idempotency keys whose time is over."""

from __future__ import annotations

from threading import Event

import structlog
from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.services.idempotency import delete_expired_keys

log = structlog.get_logger(__name__)

#: Keys deleted in one transaction.
_BATCH = 500


class KeyJob:
    """Deletes expired idempotency keys.

    :param stop: set when the process shall end; nothing new begins then.
    """

    def __init__(self, engine: Engine, stop: Event) -> None:
        self._engine = engine
        self._stop = stop

    def run(self) -> None:
        """Delete all that have expired, some at a time."""
        total = 0
        while not self._stop.is_set():
            with unit_of_work(self._engine) as session:
                n_deleted = delete_expired_keys(session, now=utc_now(), limit=_BATCH)
            total += n_deleted
            if n_deleted < _BATCH:
                break
        if total:
            log.info("idempotency_keys_deleted", n=total)

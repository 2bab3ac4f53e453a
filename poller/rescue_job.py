"""What the poller does beside polling: it brings back products that are due too late."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

import structlog
from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.services.stuck import rescue_stuck
from aggregator.settings import Settings
from poller.clock_watch import ClockWatch

log = structlog.get_logger(__name__)

#: Products brought back in one transaction.
_BATCH = 500


class RescueJob:
    """Brings back products whose turn a clock that was turned back put off.

    :param stop: set when the process shall end; nothing new begins then.
    """

    def __init__(self, settings: Settings, engine: Engine, stop: Event) -> None:
        self._engine = engine
        self._interval = timedelta(seconds=settings.poll_interval_s)
        self._stop = stop
        self._clock = ClockWatch()

    def run(self) -> None:
        """Bring all back, some at a time, but not just after the clock was set.

        What was claimed before may still be under way, and its answer would be lost.
        """
        if self._clock.jump_s():
            return
        total = 0
        while not self._stop.is_set():
            with unit_of_work(self._engine) as session:
                n_rescued = rescue_stuck(
                    session, now=utc_now(), interval=self._interval, limit=_BATCH
                )
            total += n_rescued
            if n_rescued < _BATCH:
                break
        if total:
            log.info("products_rescued", n=total)

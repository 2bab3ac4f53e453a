"""What a poller says of itself in the database, for those who cannot ask the process."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.services.poller_figures import Key, add_figures
from aggregator.services.pollers import poller_ended, poller_seen
from poller.metrics import PollerMetrics

#: How often it is written down, at most.
_EVERY_S = 10.0


class Heartbeat:
    """Tells that a poller's work gets on, and adds what it counted to what all pollers did.

    It is called by the work itself, never by a thread of its own: a poller that hangs shall
    fall silent.

    :param clock: monotonic seconds.
    """

    def __init__(
        self,
        engine: Engine,
        metrics: PollerMetrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._metrics = metrics
        self._clock = clock
        self._added: dict[Key, float] = {}
        self._id = uuid4()
        self._started_at = utc_now()
        self._next = clock()

    def beat(self) -> None:
        """Note that the work got on, unless that was noted a moment ago."""
        if self._clock() < self._next:
            return
        with self._adding() as session:
            poller_seen(
                session,
                self._id,
                host=platform.node(),
                pid=os.getpid(),
                started_at=self._started_at,
                now=utc_now(),
            )
        self._next = self._clock() + _EVERY_S

    def end(self) -> None:
        """Take leave."""
        with self._adding() as session:
            poller_ended(session, self._id)

    @contextmanager
    def _adding(self) -> Iterator[Session]:
        """Open a transaction that adds what was counted since the last one that was committed."""
        totals = self._metrics.totals()
        with unit_of_work(self._engine) as session:
            yield session
            add_figures(
                session,
                {
                    key: value - self._added.get(key, 0.0)
                    for key, value in totals.items()
                    if value != self._added.get(key)
                },
            )
        self._added = totals

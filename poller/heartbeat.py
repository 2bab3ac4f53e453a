"""What a poller says of itself in the database, for those who cannot ask the process."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.services.pollers import poller_ended, poller_seen

#: How often it is written down, at most.
_EVERY_S = 10.0


class Heartbeat:
    """Tells that a poller's work gets on.

    It is called by the work itself, never by a thread of its own: a poller that hangs shall
    fall silent.

    :param clock: monotonic seconds.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._id = uuid4()
        self._started_at = utc_now()
        self._next = clock()

    def beat(self) -> None:
        """Note that the work got on, unless that was noted a moment ago."""
        if self._clock() < self._next:
            return
        with unit_of_work(self._engine) as session:
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
        with unit_of_work(self._engine) as session:
            poller_ended(session, self._id)

"""Jobs that take turns in one thread, each at its interval."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import schedule
import structlog

from poller.clock_watch import ClockWatch

log = structlog.get_logger(__name__)


class Lane:
    """Runs jobs at fixed intervals, one at a time.

    Due times of products live in the database; ``schedule`` only ticks.

    :param name: for the log.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._scheduler = schedule.Scheduler()
        self._unfinished: dict[Callable[[], object], None] = {}
        self._clock = ClockWatch()

    def every(self, seconds: float, job: Callable[[], object]) -> None:
        """Run a job at this interval, first as soon as the lane is.

        One that returns True has more to do: it is run again at once, but not before others
        whose time has come. It must not raise: ``schedule`` would never run it again.
        """

        def run() -> None:
            if job() is True:
                self._unfinished[run] = None

        self._scheduler.every(seconds).seconds.do(run)  # type: ignore[arg-type]

    def run(self, stop: Event) -> None:
        """Run the jobs until ``stop`` is set."""
        self._scheduler.run_all()
        while not stop.wait(self._sleep_s()):
            if self._clock_jumped():
                self._scheduler.run_all()
            self._scheduler.run_pending()
            self._go_on()

    def _go_on(self) -> None:
        unfinished, self._unfinished = self._unfinished, {}
        for job in unfinished:
            job()

    def _sleep_s(self) -> float:
        if self._unfinished:
            return 0.0
        # Never long, or a clock set back an hour would be noticed an hour later.
        return min(max(self._scheduler.idle_seconds or 0.0, 0.0), 1.0)

    def _clock_jumped(self) -> bool:
        """Tell whether somebody set the wall clock, which ``schedule`` goes by."""
        jump_s = self._clock.jump_s()
        if jump_s:
            log.warning("clock_jumped", lane=self.name, seconds=round(jump_s, 3))
        return bool(jump_s)

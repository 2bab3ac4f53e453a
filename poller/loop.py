"""The loop that wakes the jobs, and ends on a signal. Knows nothing of products."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from threading import Event, Thread
from types import FrameType

import schedule
import structlog

from aggregator.database_errors import DATABASE_UNAVAILABLE, first_line
from aggregator.repeats import Repeats

log = structlog.get_logger(__name__)

#: The wall clock may drift from the monotonic one by this much between two looks.
_CLOCK_JUMP_S = 2.0
#: How long a job under way may take to finish when the loop shall end: of the 5 s in which the
#: process does, the rest is for a slow machine.
_GRACE_S = 3.0
#: How long after a failure the first job is tried again.
_RETRY_S = 2.0


class Loop:
    """Runs jobs at fixed intervals until :attr:`stop` is set.

    Due times of products live in the database; ``schedule`` only ticks.
    """

    def __init__(self) -> None:
        self.stop = Event()
        self._scheduler = schedule.Scheduler()
        self._first_jobs: list[Callable[[], bool]] = []
        self._last_jobs: list[Callable[[], bool]] = []
        #: Jobs that have more to do, each once.
        self._unfinished: dict[Callable[[], object], None] = {}
        self._clock_offset = _clock_offset()
        self._without_database: set[Callable[[], object]] = set()
        self._repeats = Repeats()

    def begin_with(self, job: Callable[[], object]) -> None:
        """Run a job before all others, again and again until it does not fail."""
        self._first_jobs.append(self._guarded(job))

    def every(self, seconds: float, job: Callable[[], object]) -> None:
        """Run a job at this interval, first as soon as the loop runs.

        One that returns True has more to do: it is run again at once, but not before others
        whose time has come.
        """
        self._scheduler.every(seconds).seconds.do(self._guarded(job))  # type: ignore[arg-type]

    def at_end(self, job: Callable[[], object]) -> None:
        """Run a job once, after all others, when the loop ends."""
        self._last_jobs.append(self._guarded(job))

    def stop_on_signals(self) -> None:
        """End the loop on SIGTERM and SIGINT."""

        def stop(signum: int, _frame: FrameType | None) -> None:
            log.info("stopping", signal=signal.Signals(signum).name)
            self.stop.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)

    def run(self) -> None:
        """Run the jobs until :attr:`stop` is set; a job under way has some seconds to finish.

        Jobs run in a thread of their own: a database that hangs would keep this one from
        hearing signals. What a job leaves unfinished then, its transaction undoes.
        """
        worker = Thread(target=self._work, name="jobs", daemon=True)
        worker.start()
        while worker.is_alive() and not self.stop.is_set():
            worker.join(0.2)
        worker.join(_GRACE_S)
        if worker.is_alive():
            log.warning("stopped_while_a_job_hangs")

    def _work(self) -> None:
        for job in self._first_jobs:
            while not job():
                if self.stop.wait(_RETRY_S):
                    return
        self._scheduler.run_all()
        while not self.stop.wait(self._sleep_s()):
            if self._clock_jumped():
                self._scheduler.run_all()
            self._scheduler.run_pending()
            self._go_on()
        for job in self._last_jobs:
            job()

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
        offset = _clock_offset()
        jumped = abs(offset - self._clock_offset) > _CLOCK_JUMP_S
        if jumped:
            log.warning("clock_jumped", seconds=round(offset - self._clock_offset, 3))
        self._clock_offset = offset
        return jumped

    def _guarded(self, job: Callable[[], object]) -> Callable[[], bool]:
        """Let no exception of a job reach ``schedule``, which would never run the job again.

        What is returned tells whether there was none.
        """

        def run() -> bool:
            try:
                if job() is True:
                    self._unfinished[run] = None
            except DATABASE_UNAVAILABLE as error:
                self._database_failed(job, first_line(error))
            except Exception:
                log.exception("job_failed")
            else:
                self._database_served(job)
                return True
            return False

        return run

    def _database_failed(self, job: Callable[[], object], reason: str) -> None:
        self._without_database.add(job)
        left_out = self._repeats.left_out(reason)
        if left_out is not None:
            log.warning("database_unavailable", reason=reason, left_out=left_out)

    def _database_served(self, job: Callable[[], object]) -> None:
        # Not every run of a job asks it: one that does well says nothing of the others.
        if job in self._without_database:
            self._without_database.discard(job)
            if not self._without_database:
                self._repeats.forget()
                log.info("database_back")


def _clock_offset() -> float:
    return time.time() - time.monotonic()

"""The loop that wakes the jobs, and ends on a signal. Knows nothing of products."""

from __future__ import annotations

import signal
from collections.abc import Callable
from threading import Event, Lock, Thread
from types import FrameType

import structlog

from aggregator.database_errors import DATABASE_UNAVAILABLE, first_line
from aggregator.repeats import Repeats
from poller.lane import Lane

log = structlog.get_logger(__name__)

#: How long a job under way may take to finish when the loop shall end: of the 5 s in which the
#: process does, the rest is for a slow machine.
_GRACE_S = 3.0
#: How long after a failure the first job is tried again.
_RETRY_S = 2.0


class Loop:
    """Runs jobs at fixed intervals until :attr:`stop` is set."""

    def __init__(self) -> None:
        self.stop = Event()
        self._main = Lane("jobs")
        self._beside: list[Lane] = []
        self._first_jobs: list[Callable[[], bool | None]] = []
        self._last_jobs: list[Callable[[], bool | None]] = []
        self._without_database: set[Callable[[], object]] = set()
        self._repeats = Repeats()
        self._telling = Lock()

    def begin_with(self, job: Callable[[], object]) -> None:
        """Run a job before all others, again and again until it does not fail."""
        self._first_jobs.append(self._guarded(job))

    def every(self, seconds: float, job: Callable[[], object]) -> None:
        """Run a job at this interval, first as soon as the loop runs.

        One that returns True has more to do: it is run again at once, but not before others
        whose time has come.
        """
        self._main.every(seconds, self._guarded(job))

    def beside(self, seconds: float, job: Callable[[], object], *, name: str) -> None:
        """Run a job likewise, in a thread of its own: no other waits for it."""
        self._beside.append(Lane(name))
        self._beside[-1].every(seconds, self._guarded(job))

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
            while job() is None:
                if self.stop.wait(_RETRY_S):
                    return
        for lane in self._beside:
            Thread(target=lane.run, args=(self.stop,), name=lane.name, daemon=True).start()
        self._main.run(self.stop)
        for job in self._last_jobs:
            job()

    def _guarded(self, job: Callable[[], object]) -> Callable[[], bool | None]:
        """Let no exception of a job through.

        What is returned tells whether the job has more to do; None where there was one.
        """

        def run() -> bool | None:
            try:
                has_more = job() is True
            except DATABASE_UNAVAILABLE as error:
                self._database_failed(job, first_line(error))
            except Exception:
                log.exception("job_failed")
            else:
                self._database_served(job)
                return has_more
            return None

        return run

    def _database_failed(self, job: Callable[[], object], reason: str) -> None:
        with self._telling:
            self._without_database.add(job)
            left_out = self._repeats.left_out(reason)
        if left_out is not None:
            log.warning("database_unavailable", reason=reason, left_out=left_out)

    def _database_served(self, job: Callable[[], object]) -> None:
        # Not every run of a job asks it: one that does well says nothing of the others.
        with self._telling:
            if job not in self._without_database:
                return
            self._without_database.discard(job)
            if not self._without_database:
                self._repeats.forget()
                log.info("database_back")

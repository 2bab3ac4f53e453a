"""A poller: all that it does, and how often."""

from __future__ import annotations

from threading import Event

from sqlalchemy import Engine

from aggregator.services.offers_service import connect_offers_service
from aggregator.settings import Settings
from poller.heartbeat import Heartbeat
from poller.key_job import KeyJob
from poller.loop import Loop
from poller.metrics import PollerMetrics
from poller.poll_job import PollJob
from poller.rescue_job import RescueJob
from poller.seal_job import SealJob

#: How often the poller looks for products that are due, at most.
_TICK_S = 1.0
#: How often expired idempotency keys are deleted: each time a few.
_KEYS_S = 10.0
#: How often products are looked for that are due too late.
_RESCUE_S = 20.0


class Poller:
    """The jobs of one process, which count and tell of themselves together.

    :param stop: set when the process shall end; nothing new begins then.
    """

    def __init__(self, settings: Settings, engine: Engine, stop: Event) -> None:
        self.metrics = PollerMetrics()
        self._heartbeat = Heartbeat(engine, self.metrics)
        offers_service = connect_offers_service(
            settings,
            engine,
            timeout_s=settings.offers_timeout_s,
            n_threads=settings.poll_concurrency,
            on_call=self.metrics.called_upstream,
        )
        self._polls = PollJob(
            settings, engine, offers_service, stop, self.metrics, on_progress=self._heartbeat.beat
        )
        self._polls_every_s = min(_TICK_S, settings.poll_interval_s / 10)
        self._seals = SealJob(settings, engine, stop, self.metrics)
        self._keys = KeyJob(engine, stop)
        self._rescues = RescueJob(settings, engine, stop)

    def run_once(self) -> bool:
        """Do all that is due; tell whether no poll failed."""
        tally = self._polls.run_all()
        self._seals.run_all()
        self._keys.run()
        self._heartbeat.end()
        return not tally.failed

    def join(self, loop: Loop) -> None:
        """Let a loop run the jobs, each as often as it should."""
        loop.every(_TICK_S, self._heartbeat.beat)
        loop.every(self._polls_every_s, self._polls.run)
        loop.beside(_TICK_S, self._seals.run, name="seals")
        loop.every(_KEYS_S, self._keys.run)
        loop.every(_RESCUE_S, self._rescues.run)
        loop.at_end(self._polls.end)
        loop.at_end(self._heartbeat.end)

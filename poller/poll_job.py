"""What the poller does each time it wakes: store what has arrived, and claim what is due."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event

import structlog
from sqlalchemy import Engine
from structlog.contextvars import bound_contextvars

from aggregator.database_errors import DATABASE_UNAVAILABLE
from aggregator.offers_errors import OffersServiceUnavailable, TooManyRequests
from aggregator.services.offers_service import OffersService
from aggregator.services.polls import Outcome
from aggregator.services.recorder import Recorder
from aggregator.settings import Settings
from poller.batch import Batch
from poller.breaker import Breaker
from poller.claimer import Claimer
from poller.fetcher import Fetcher
from poller.metrics import PollerMetrics

log = structlog.get_logger(__name__)

#: Products claimed at a time. More are claimed when fewer wait to be asked about.
_BATCH = 100
#: How long it waits for answers each time.
_WAIT_S = 0.1
#: How long a poller that was told to end waits for answers under way.
_GRACE_S = 2.0


@dataclass
class Tally:
    """What polling came to."""

    polled: int = 0
    failed: int = 0


class PollJob:
    """Polls every product that is due, several at once.

    :param stop: set when the process shall end; nothing new begins then.
    :param on_progress: called after each transaction that stores.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        offers_service: OffersService,
        stop: Event,
        metrics: PollerMetrics,
        *,
        on_progress: Callable[[], object],
    ) -> None:
        self._stop = stop
        self._on_progress = on_progress
        self._metrics = metrics
        self._claimer = Claimer(settings, engine, metrics)
        self._recorder = Recorder.from_settings(settings, engine)
        self._breaker = Breaker(probe_after_s=min(settings.poll_interval_s / 12, 5.0))
        self._metrics.offers_service_up.set_function(lambda: not self._breaker.is_open)
        self._fetcher = Fetcher(offers_service, settings.poll_concurrency, self._may_begin)
        self._batches: list[Batch] = []
        self._tally = Tally()
        self._look_every_s = min(settings.poll_interval_s / 10, 1.0)
        self._look_at = 0.0

    def run(self) -> bool:
        """Store what has arrived and claim what is due; tell whether there is more to do."""
        self._gather(_WAIT_S)
        # Before the claim: what waits for a database that was away may be due again by now.
        self._store_ready()
        self._claimer.keep_pace()
        self._claim()
        return bool(self._batches)

    def run_all(self) -> Tally:
        """Poll until nothing is due, the service is down, or the process shall end."""
        self._tally = Tally()
        while not self._stop.is_set() and (self.run() or self._claimer.awaits_turn):
            if not self._batches:
                self._stop.wait(_WAIT_S)
        self.end()
        return self._tally

    def end(self) -> None:
        """Store what arrives within some seconds, and give the rest back."""
        give_up_at = time.monotonic() + _GRACE_S
        while any(batch.is_waiting for batch in self._batches) and time.monotonic() < give_up_at:
            self._gather(_WAIT_S)
        for batch in self._batches:
            batch.give_up()
        self._store_ready()

    def close(self) -> None:
        """Let the threads go."""
        self._fetcher.close()

    def _may_begin(self) -> bool:
        return not (self._stop.is_set() or self._breaker.blocks()) and self._claimer.may_ask

    def _claim(self) -> None:
        self._claimer.awaits_turn = False
        wanted = self._n_wanted()
        if wanted == 0:
            return
        under_way = {product_id for batch in self._batches for product_id in batch.under_way}
        batch = self._claimer.claim(wanted, but_not=under_way)
        if batch is None or len(batch.attempts) < wanted:
            self._look_at = time.monotonic() + self._look_every_s
        if batch is not None:
            self._batches.append(batch)
            self._fetcher.begin(batch.attempts)

    def _n_wanted(self) -> int:
        """Return how many products to claim now."""
        if self._fetcher.n_waiting >= _BATCH or not self._may_begin():
            return 0
        if self._batches and (self._breaker.is_open or time.monotonic() < self._look_at):
            return 0
        return self._breaker.allowance(_BATCH)

    def _gather(self, wait_s: float) -> None:
        if self._batches:
            for attempt, outcome in self._fetcher.arrived(wait_s):
                attempt.batch.add(attempt, self._judge(outcome))

    def _judge(self, outcome: Outcome) -> Outcome:
        """Tell the breaker what an outcome says of the service, and excuse it accordingly."""
        if outcome.answered:
            if self._breaker.succeeded():
                log.info("offers_service_back")
                self._claimer.service_is_back()
            return outcome
        if isinstance(outcome.error, TooManyRequests):
            self._claimer.throttled(outcome.error.retry_after_s)
            return outcome
        if not isinstance(outcome.error, OffersServiceUnavailable):
            return outcome
        excused, opened = self._breaker.is_open, False
        if outcome.deferred or excused:
            opened = self._breaker.trip(outcome.error.retry_after_s)
        elif outcome.claim.failures == 0:
            # A product that failed before says nothing new of the service as a whole.
            opened = self._breaker.failed(outcome.error.retry_after_s)
        if opened:
            log.warning("offers_service_down", reason=str(outcome.error))
        return replace(outcome, excused=excused)

    def _store_ready(self) -> None:
        for batch in [batch for batch in self._batches if batch.is_ready]:
            with bound_contextvars(request_id=batch.request_id):
                try:
                    self._store(batch)
                except DATABASE_UNAVAILABLE:
                    raise
                except Exception:
                    # Kept, it would hold up all others for ever. Its products are due again when
                    # their leases end.
                    log.exception("storing_crashed", claimed=len(batch.arrived))
                    batch.stored()
            if batch.is_over:
                self._batches.remove(batch)

    def _store(self, batch: Batch) -> None:
        outcomes = batch.arrived
        stored = self._recorder.record(outcomes)
        batch.stored()
        self._metrics.stored(outcomes, stored)
        ours = [outcome for outcome in outcomes if outcome.claim.product_id not in stored.lost]
        forgotten = sum(outcome.forgotten for outcome in ours)
        failed = sum(outcome.error is not None for outcome in ours) - forgotten
        not_asked = sum(outcome.deferred and outcome.error is None for outcome in ours)
        self._tally.polled += stored.polled
        self._tally.failed += failed
        log.info(
            "products_polled",
            claimed=len(outcomes),
            polled=stored.polled,
            points=stored.points,
            failed=failed,
            forgotten=forgotten,
            deferred=not_asked,
            lost=len(stored.lost),
            lag_s=batch.lag_s,
            breaker_open=self._breaker.is_open,
        )
        self._on_progress()

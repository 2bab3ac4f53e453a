"""What the poller does each time it wakes: claim, fetch, store, until nothing is due."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from multiprocessing import TimeoutError as NotYet
from multiprocessing.pool import ThreadPool
from threading import Event
from uuid import uuid4

import structlog
from sqlalchemy import Engine
from structlog.contextvars import bound_contextvars

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.log import request_id
from aggregator.offers_errors import OffersServiceUnavailable
from aggregator.services.claims import LEASE, Claim, claim_due, find_due
from aggregator.services.offers_service import OffersService
from aggregator.services.polls import Outcome, poll_product
from aggregator.services.recorder import Recorder
from aggregator.settings import Settings
from poller.breaker import Breaker
from poller.metrics import PollerMetrics

log = structlog.get_logger(__name__)

#: Products claimed, and stored, at a time.
_CLAIM_BATCH = 200
_STORE_BATCH = 100
#: No attempt of a batch begins later than this. Two exchanges of the longest time-out allowed
#: (15 s) then still end, and are stored, before its leases do.
_BEGIN_WITHIN_S = LEASE.total_seconds() - 35
#: A batch is given up, and what is there stored, while its leases still hold.
_END_WITHIN_S = LEASE.total_seconds() - 4
#: How long a poller that was told to end waits for answers under way.
_GRACE_S = 2.0


@dataclass
class Tally:
    """What a run came to."""

    polled: int = 0
    failed: int = 0


class PollJob:
    """Polls every product that is due, several at once.

    :param stop: set when the process shall end; nothing new begins then.
    :param on_progress: called after each batch.
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
        self._engine = engine
        self._offers_service = offers_service
        self._stop = stop
        self._on_progress = on_progress
        self._metrics = metrics
        self._recorder = Recorder.from_settings(settings, engine)
        self._breaker = Breaker(probe_after_s=min(settings.poll_interval_s / 12, 5.0))
        self._metrics.offers_service_up.set_function(lambda: not self._breaker.is_open)
        # Its threads are daemons: an answer that never ends cannot keep the process alive.
        self._pool = ThreadPool(settings.poll_concurrency)

    def run(self) -> Tally:
        """Poll until nothing is due, the service is down, or the process shall end."""
        tally = Tally()
        while not self._stop.is_set() and (claims := self._claim()):
            with bound_contextvars(request_id=uuid4().hex):
                self._poll(claims, tally)
        return tally

    def close(self) -> None:
        """Let the threads go."""
        self._pool.terminate()

    def _claim(self) -> list[Claim]:
        limit = self._breaker.allowance(_CLAIM_BATCH)
        if limit == 0:
            return []
        now = utc_now()
        with unit_of_work(self._engine) as session:
            due = find_due(session, now=now, limit=limit)
            claims = claim_due(session, now=now, limit=limit)
        self._metrics.claimed(claims, due, now)
        return claims

    def _poll(self, claims: Sequence[Claim], tally: Tally) -> None:
        outcomes = self._attempts(claims)
        while batch := list(islice(outcomes, _STORE_BATCH)):
            self._store(batch, tally)
            self._on_progress()

    def _attempts(self, claims: Sequence[Claim]) -> Iterator[Outcome]:
        """Yield each product's outcome as it arrives; all of them, within the lease."""
        waiting = {claim.product_id: claim for claim in claims}
        begun_at = time.monotonic()
        begin = partial(
            self._attempt, request_id=request_id(), begin_before=begun_at + _BEGIN_WITHIN_S
        )
        arriving = self._pool.imap_unordered(begin, claims)
        deadline = begun_at + _END_WITHIN_S
        while waiting and time.monotonic() < deadline:
            if self._stop.is_set():
                deadline = min(deadline, time.monotonic() + _GRACE_S)
            try:
                outcome = arriving.next(timeout=0.1)
            except NotYet:
                continue
            del waiting[outcome.claim.product_id]
            yield self._judge(outcome)
        late = OffersServiceUnavailable("the offers service did not answer in time")
        for claim in waiting.values():
            yield self._judge(Outcome(claim, error=late, deferred=self._stop.is_set()))

    def _attempt(self, claim: Claim, request_id: str | None, begin_before: float) -> Outcome:
        too_late = time.monotonic() > begin_before
        if too_late or self._stop.is_set() or self._breaker.blocks():
            return Outcome(claim, deferred=True)
        with bound_contextvars(request_id=request_id):
            return poll_product(self._offers_service, claim)

    def _judge(self, outcome: Outcome) -> Outcome:
        """Tell the breaker what an outcome says of the service, and excuse it accordingly."""
        if outcome.answered:
            if self._breaker.succeeded():
                log.info("offers_service_back")
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

    def _store(self, outcomes: list[Outcome], tally: Tally) -> None:
        stored = self._recorder.record(outcomes)
        self._metrics.stored(outcomes, stored)
        ours = [outcome for outcome in outcomes if outcome.claim.product_id not in stored.lost]
        forgotten = sum(outcome.forgotten for outcome in ours)
        failed = sum(outcome.error is not None for outcome in ours) - forgotten
        not_asked = sum(outcome.deferred and outcome.error is None for outcome in ours)
        tally.polled += stored.polled
        tally.failed += failed
        log.info(
            "products_polled",
            claimed=len(outcomes),
            polled=stored.polled,
            points=stored.points,
            failed=failed,
            forgotten=forgotten,
            deferred=not_asked,
            lost=len(stored.lost),
        )

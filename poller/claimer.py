"""Taking products that are due, no faster than the offers service may be asked."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.services import pace
from aggregator.services.claims import claim_due
from aggregator.services.rates import Limits, wait_after
from aggregator.settings import Settings
from poller.batch import Batch
from poller.metrics import PollerMetrics

#: What "lately" means.
_LATELY_S = 10.0


class Claimer:
    """Claims products, and keeps the pace that all pollers keep together."""

    def __init__(self, settings: Settings, engine: Engine, metrics: PollerMetrics) -> None:
        self._engine = engine
        self._metrics = metrics
        self._base_url = settings.offers_base_url or ""
        self._limits = Limits.from_settings(settings)
        self._lately: deque[tuple[float, int]] = deque()
        self._ask_again_at = 0.0
        self._wait: timedelta | None = None
        self._catch_up = False
        self.awaits_turn = False
        """Whether the last claim came too early for the operator's limit, and nothing else's."""

    def claim(self, wanted: int, *, but_not: Collection[UUID]) -> Batch | None:
        """Claim so many products that are due, or fewer; None where there is nothing to do.

        :param but_not: what is under way.
        """
        now = utc_now()
        with unit_of_work(self._engine) as session:
            n = pace.find_allowance(session, self._base_url, self._limits, wanted, now=now)
            claims = claim_due(session, now=now, limit=n, but_not=but_not) if n else []
            self.awaits_turn = n == 0 and self._is_operators(session, now)
            if not claims:
                return None
            n_requests = sum(claim.n_requests for claim in claims)
            slot = pace.reserve(session, self._base_url, self._limits, n_requests, now=now)
        self._metrics.claimed(claims)
        self._note(n_requests)
        starts_in_s = (slot.starts_at - now).total_seconds()
        return Batch(claims, starts_in_s=starts_in_s, spacing_s=slot.spacing_s)

    @property
    def may_ask(self) -> bool:
        """Whether the service does not want to be left alone."""
        return time.monotonic() >= self._ask_again_at

    def throttled(self, retry_after_s: float | None) -> None:
        """Note that the service was asked too much.

        :param retry_after_s: how long it asked to be left alone; None: it did not say.
        """
        wait = wait_after(retry_after_s)
        self._ask_again_at = max(self._ask_again_at, time.monotonic() + wait.total_seconds())
        self._wait = max(self._wait or wait, wait)

    def service_is_back(self) -> None:
        """Note that an outage of the service is over: all is due at once."""
        self._catch_up = True

    def keep_pace(self) -> None:
        """Let all pollers know what was noted."""
        if self._wait is None and not self._catch_up:
            return
        now = utc_now()
        with unit_of_work(self._engine) as session:
            if self._wait is not None:
                pace.slow_down(
                    session,
                    self._base_url,
                    self._limits,
                    now=now,
                    asked_per_s=self._asked_per_s(),
                    wait=self._wait,
                )
            if self._catch_up:
                pace.catch_up(session, self._base_url, self._limits, now=now)
        self._wait, self._catch_up = None, False

    def _note(self, n_requests: int) -> None:
        now = time.monotonic()
        self._lately.append((now, n_requests))
        while self._lately[0][0] < now - _LATELY_S:
            self._lately.popleft()

    def _is_operators(self, session: Session, now: datetime) -> bool:
        """Tell whether the pace is what the operator allows, not what the service bears."""
        rate = pace.find_rate(session, self._base_url, self._limits, now=now)
        return rate is not None and rate == self._limits.max_per_s

    def _asked_per_s(self) -> float:
        """Return how many requests a second were begun lately."""
        if not self._lately:
            return 0.0
        since_s = time.monotonic() - self._lately[0][0]
        return sum(n for _, n in self._lately) / max(since_s, 1.0)

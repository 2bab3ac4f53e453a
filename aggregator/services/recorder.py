"""Recording outcomes, in a transaction of their own: for all who make attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.services.outcomes import Stored, store_outcomes, store_registration
from aggregator.services.polls import Outcome
from aggregator.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Recorder:
    """Records what attempts brought."""

    engine: Engine
    interval: timedelta
    """How often each product is polled."""
    stale_after: timedelta
    """After this long without a successful poll we no longer know."""

    @classmethod
    def from_settings(cls, settings: Settings, engine: Engine) -> Self:
        """Return a recorder that goes by the settings."""
        return cls(
            engine=engine,
            interval=timedelta(seconds=settings.poll_interval_s),
            stale_after=timedelta(seconds=settings.stale_after_s),
        )

    def record(self, outcomes: Sequence[Outcome]) -> Stored:
        """Store outcomes and commit; say how many of which kind there were."""
        with unit_of_work(self.engine) as session:
            return store_outcomes(
                session,
                outcomes,
                now=utc_now(),
                interval=self.interval,
                stale_after=self.stale_after,
            )

    def record_registration(self, outcome: Outcome) -> None:
        """Store what the attempt to register a new product brought, and commit."""
        with unit_of_work(self.engine) as session:
            store_registration(session, outcome, now=utc_now(), interval=self.interval)

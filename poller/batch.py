"""Products that were claimed together, on their way to be stored together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from aggregator.services.claims import Claim
from aggregator.services.polls import Outcome

#: How long outcomes wait for others of their batch.
_GATHER_S = 0.5


@dataclass(eq=False, slots=True)
class Attempt:
    """A claimed product that is asked about. Instants are monotonic seconds."""

    batch: Batch
    claim: Claim
    begin_at: float
    """Not to begin earlier."""
    begin_before: float
    """Too late to begin from then on."""
    registered_at: datetime | None = None
    """Set where the attempt registered the product."""


class Batch:
    """Attempts at products that were claimed together, and what came of them.

    :param begin_within_s: how long after the claim an attempt may begin.
    """

    def __init__(self, claims: Sequence[Claim], *, begin_within_s: float) -> None:
        self.request_id = uuid4().hex
        now = time.monotonic()
        self.attempts = [Attempt(self, claim, now, now + begin_within_s) for claim in claims]
        self._waiting = dict.fromkeys(self.attempts)
        self._arrived: list[Outcome] = []
        self._store_at = 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether some products have no outcome yet."""
        return bool(self._waiting)

    @property
    def is_ready(self) -> bool:
        """Whether it is time to store what has arrived."""
        if not self._waiting:
            return True
        return bool(self._arrived) and time.monotonic() >= self._store_at

    @property
    def is_over(self) -> bool:
        """Whether every outcome is stored."""
        return not self._waiting and not self._arrived

    @property
    def arrived(self) -> Sequence[Outcome]:
        """Outcomes that are not stored."""
        return self._arrived

    def add(self, attempt: Attempt, outcome: Outcome) -> None:
        """Note what came of an attempt."""
        if not self._arrived:
            self._store_at = time.monotonic() + _GATHER_S
        del self._waiting[attempt]
        self._arrived.append(outcome)

    def give_up(self) -> None:
        """Put off the products without an outcome."""
        for attempt in list(self._waiting):
            self.add(attempt, Outcome(attempt.claim, deferred=True))

    def stored(self) -> None:
        """Note that the outcomes which had arrived are stored."""
        self._arrived = []

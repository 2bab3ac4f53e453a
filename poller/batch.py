"""Products that were claimed together, on their way to be stored together."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from aggregator.services.claims import LEASE, Claim
from aggregator.services.polls import Outcome

#: How long outcomes wait for others of their batch.
_GATHER_S = 0.5
#: No attempt begins later than this after its claim. Two exchanges of the longest time-out
#: allowed (15 s) then still end, and are stored, before its lease does.
_BEGIN_WITHIN_S = LEASE.total_seconds() - 35


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

    @property
    def is_too_late(self) -> bool:
        """Whether it will not begin in time."""
        return max(self.begin_at, time.monotonic()) > self.begin_before

    def put_off(self) -> Outcome:
        """Return the outcome of not asking; that the product was registered is kept."""
        return Outcome(self.claim, self.registered_at, deferred=True)


class Batch:
    """Attempts at products that were claimed together, and what came of them.

    :param starts_in_s: how many seconds from now the first attempt may begin.
    :param spacing_s: how many more seconds each request takes from those behind it.
    """

    def __init__(
        self, claims: Sequence[Claim], *, starts_in_s: float = 0.0, spacing_s: float = 0.0
    ) -> None:
        self.request_id = uuid4().hex
        self.lag_s = round(max(claim.lag_s for claim in claims), 3)
        """How long the most overdue product had been due."""
        now = time.monotonic()
        begin_at = now + starts_in_s
        self.attempts = []
        for claim in claims:
            self.attempts.append(Attempt(self, claim, begin_at, now + _BEGIN_WITHIN_S))
            begin_at += spacing_s * claim.n_requests
        self._waiting = dict.fromkeys(self.attempts)
        self._arrived: list[Outcome] = []
        self._store_at = 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether some products have no outcome yet."""
        return bool(self._waiting)

    @property
    def under_way(self) -> Iterator[UUID]:
        """The products of which nothing is stored yet."""
        yield from (attempt.claim.product_id for attempt in self._waiting)
        yield from (outcome.claim.product_id for outcome in self._arrived)

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
            self.add(attempt, attempt.put_off())

    def stored(self) -> None:
        """Note that the outcomes which had arrived are stored."""
        self._arrived = []

"""Where a product stands after an attempt. Pure: no I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.offers_errors import OffersServiceError, TooManyRequests
from aggregator.services.due import back_off, longest_wait, next_phase, rejected_retry
from aggregator.services.polls import Outcome
from aggregator.services.reconcile import Changes


@dataclass(frozen=True, slots=True)
class SyncState:
    """The columns of ``product_sync``, without its key and in its order: by default a new one's."""

    due_at: datetime
    registered_at: datetime | None = None
    registration_error: str | None = None
    first_checked_at: datetime | None = None
    checked_at: datetime | None = None
    failures: int = 0
    last_error: str | None = None
    best_price: int | None = None
    offers_count: int = 0


def settle(
    state: SyncState,
    outcome: Outcome,
    changes: Changes | None,
    *,
    now: datetime,
    interval: timedelta,
) -> SyncState:
    """Return the state after an attempt.

    :param changes: what its snapshot changes; None where there is no snapshot.
    :param interval: how often a product is polled.
    """
    if outcome.registered_at is not None:
        state = replace(state, registered_at=outcome.registered_at, registration_error=None)
    if changes is not None and outcome.snapshot is not None:
        return _after_poll(state, outcome, outcome.snapshot.observed_at, changes, now, interval)
    if outcome.error is not None:
        state = replace(state, last_error=str(outcome.error))
        return _after_error(state, outcome, outcome.error, now, interval)
    if outcome.deferred:
        return replace(state, due_at=now)
    return replace(state, due_at=now, failures=0, last_error=None)


def _after_poll(
    state: SyncState,
    outcome: Outcome,
    observed_at: datetime,
    changes: Changes,
    now: datetime,
    interval: timedelta,
) -> SyncState:
    # Observations strictly increase, even when a clock was turned back.
    if state.checked_at is not None:
        observed_at = max(observed_at, state.checked_at + timedelta(milliseconds=1))
    return replace(
        state,
        due_at=next_phase(outcome.claim.product_id, now, interval),
        first_checked_at=state.first_checked_at or observed_at,
        checked_at=observed_at,
        failures=0,
        last_error=None,
        best_price=changes.best_price,
        offers_count=changes.offers_count,
    )


def _after_error(
    state: SyncState,
    outcome: Outcome,
    error: OffersServiceError,
    now: datetime,
    interval: timedelta,
) -> SyncState:
    if isinstance(error, TooManyRequests):
        # All pollers' pace is what heeds it.
        return replace(state, due_at=now)
    asked_s = getattr(error, "retry_after_s", None) or 0
    asked_to_wait = min(timedelta(seconds=asked_s), longest_wait(interval))
    if outcome.deferred:
        return replace(state, due_at=now + asked_to_wait)
    if outcome.forgotten:
        return replace(state, due_at=now, registered_at=None)
    failures = max(state.failures, 1) if outcome.excused else state.failures + 1
    if outcome.rejected:
        due_at = now + rejected_retry()
        return replace(state, due_at=due_at, failures=failures, registration_error=str(error))
    due_at = now + max(back_off(failures, interval), asked_to_wait)
    return replace(state, due_at=due_at, failures=failures)

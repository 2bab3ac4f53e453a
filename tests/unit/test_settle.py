"""After an attempt a product's state says when it is due, what is known, and what went wrong."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from aggregator.offers_errors import (
    AccessTokenUnavailable,
    OffersServiceError,
    OffersServiceRejected,
    OffersServiceUnavailable,
    TooManyRequests,
    UnknownProduct,
)
from aggregator.offers_wire import Snapshot
from aggregator.services.claims import Claim, Registration
from aggregator.services.due import REJECTED_RETRY, next_phase
from aggregator.services.polls import Outcome
from aggregator.services.reconcile import Changes
from aggregator.services.settle import SyncState, settle

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=1)
LONG_AGO = NOW - timedelta(days=1)
LEASE_END = NOW + timedelta(seconds=55)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
PRODUCT = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")

STATE = SyncState(
    due_at=LEASE_END,
    registered_at=LONG_AGO,
    registration_error=None,
    first_checked_at=LONG_AGO,
    checked_at=BEFORE,
    failures=3,
    last_error="before",
    best_price=500,
    offers_count=2,
)
NEW = SyncState(LEASE_END, None, None, None, None, 0, None, None, 0)
CLAIM = Claim(PRODUCT, LEASE_END, 3, None)
NEW_CLAIM = replace(CLAIM, registration=Registration("Kettle", "1.7 l"))
CHANGES = Changes((), (), (), best_price=400, offers_count=7)
SNAPSHOT = Snapshot((), (), NOW)


@pytest.fixture(autouse=True)
def _no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda _low, high: high)


def _settle(state: SyncState, outcome: Outcome, changes: Changes | None = None) -> SyncState:
    return settle(state, outcome, changes, now=NOW, interval=MINUTE)


def test_polled_product_is_fresh_and_due_in_its_phase() -> None:
    after = _settle(STATE, Outcome(CLAIM, snapshot=SNAPSHOT), CHANGES)
    assert after == replace(
        STATE,
        due_at=next_phase(PRODUCT, NOW, MINUTE),
        checked_at=NOW,
        failures=0,
        last_error=None,
        best_price=400,
        offers_count=7,
    )


def test_first_poll_says_since_when_the_product_is_watched() -> None:
    outcome = Outcome(NEW_CLAIM, registered_at=BEFORE, snapshot=SNAPSHOT)
    after = _settle(replace(NEW, registration_error="refused before"), outcome, CHANGES)
    assert (after.registered_at, after.registration_error) == (BEFORE, None)
    assert (after.first_checked_at, after.checked_at) == (NOW, NOW)


@pytest.mark.parametrize(
    ("observed_at", "expected"),
    [
        pytest.param(NOW, NOW, id="later"),
        pytest.param(BEFORE, BEFORE + timedelta(milliseconds=1), id="the-same-instant"),
        pytest.param(LONG_AGO, BEFORE + timedelta(milliseconds=1), id="clock-turned-back"),
    ],
)
def test_observations_strictly_increase(observed_at: datetime, expected: datetime) -> None:
    outcome = Outcome(CLAIM, snapshot=replace(SNAPSHOT, observed_at=observed_at))
    after = _settle(STATE, outcome, CHANGES)
    assert after.checked_at == expected
    assert after.first_checked_at == LONG_AGO


def test_observations_increase_over_a_whole_series_of_turned_back_clocks() -> None:
    state, seen = NEW, []
    for seconds in (0, 1, -5, -5, 0, 2):
        snapshot = replace(SNAPSHOT, observed_at=NOW + seconds * SECOND)
        state = _settle(state, Outcome(CLAIM, snapshot=snapshot), CHANGES)
        assert state.checked_at is not None
        seen.append(state.checked_at)
    assert all(earlier < later for earlier, later in pairwise(seen))
    assert state.first_checked_at == seen[0]


def test_product_that_was_only_registered_is_due_at_once() -> None:
    state = replace(NEW, failures=2, last_error="before", registration_error="before")
    after = _settle(state, Outcome(NEW_CLAIM, registered_at=NOW))
    assert after == replace(NEW, due_at=NOW, registered_at=NOW)


def test_product_that_was_not_tried_is_due_at_once_and_otherwise_unchanged() -> None:
    assert _settle(STATE, Outcome(CLAIM, deferred=True)) == replace(STATE, due_at=NOW)


@pytest.mark.parametrize(
    ("retry_after_s", "wait"),
    [(None, 0 * SECOND), (0.0, 0 * SECOND), (30.0, 30 * SECOND)],
    ids=["not-asked", "at-once", "asked"],
)
def test_deferred_product_is_not_backed_off(retry_after_s: float | None, wait: timedelta) -> None:
    error = AccessTokenUnavailable("no token", retry_after_s=retry_after_s)
    after = _settle(STATE, Outcome(CLAIM, error=error, deferred=True))
    assert after == replace(STATE, due_at=NOW + wait, last_error="no token")


@pytest.mark.parametrize("deferred", [True, False])
def test_throttled_product_is_due_at_once_as_the_pace_keeps_the_wait(deferred: bool) -> None:
    error = TooManyRequests("429", retry_after_s=30.0)
    after = _settle(STATE, Outcome(CLAIM, error=error, deferred=deferred))
    assert after == replace(STATE, due_at=NOW, last_error="429")


def test_deferred_product_that_was_registered_stays_registered() -> None:
    error = OffersServiceUnavailable("down")
    outcome = Outcome(NEW_CLAIM, registered_at=NOW, error=error, deferred=True)
    after = _settle(replace(NEW, registration_error="before"), outcome)
    assert after == replace(NEW, due_at=NOW, registered_at=NOW, last_error="down")


def test_forgotten_product_is_registered_again_at_once() -> None:
    after = _settle(STATE, Outcome(CLAIM, error=UnknownProduct(PRODUCT)))
    assert after.registered_at is None
    assert after.due_at == NOW
    assert after.failures == 3
    assert after.last_error == str(UnknownProduct(PRODUCT))
    assert (after.checked_at, after.best_price, after.offers_count) == (BEFORE, 500, 2)


def test_product_unknown_right_after_its_registration_backs_off() -> None:
    outcome = Outcome(NEW_CLAIM, registered_at=NOW, error=UnknownProduct(PRODUCT))
    after = _settle(NEW, outcome)
    assert after.registered_at == NOW
    assert after.failures == 1
    assert after.due_at == NOW + MINUTE


def test_service_that_forgets_at_every_turn_is_not_asked_in_a_circle() -> None:
    state, waits = NEW, []
    for _ in range(4):
        unknown = UnknownProduct(PRODUCT)
        state = _settle(state, Outcome(NEW_CLAIM, registered_at=NOW, error=unknown))
        waits.append(state.due_at - NOW)
        state = _settle(state, Outcome(CLAIM, error=unknown))
        assert state.registered_at is None
    assert waits == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]


def test_refused_registration_is_left_alone_and_says_why() -> None:
    error = OffersServiceRejected(422, "bad name")
    after = _settle(NEW, Outcome(NEW_CLAIM, error=error))
    assert after == replace(
        NEW,
        due_at=NOW + REJECTED_RETRY,
        failures=1,
        last_error=str(error),
        registration_error=str(error),
    )


@pytest.mark.parametrize(
    ("claim", "registered_at"),
    [(CLAIM, None), (NEW_CLAIM, NOW)],
    ids=["registered-before", "registered-just-now"],
)
def test_refused_poll_is_no_refused_registration(
    claim: Claim, registered_at: datetime | None
) -> None:
    error = OffersServiceRejected(422, "bad id")
    after = _settle(STATE, Outcome(claim, registered_at=registered_at, error=error))
    assert after.registration_error is None
    assert after.registered_at is not None
    assert after.due_at == NOW + 8 * MINUTE


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        pytest.param(OffersServiceUnavailable("down"), 8 * MINUTE, id="passing"),
        pytest.param(OffersServiceError("odd"), 8 * MINUTE, id="fault-of-ours"),
        pytest.param(
            OffersServiceUnavailable("down", retry_after_s=1), 8 * MINUTE, id="asked-for-less"
        ),
        pytest.param(
            OffersServiceUnavailable("down", retry_after_s=600), 10 * MINUTE, id="asked-for-more"
        ),
        pytest.param(
            OffersServiceUnavailable("down", retry_after_s=3600), 15 * MINUTE, id="for-too-much"
        ),
    ],
)
def test_failed_product_backs_off_and_keeps_what_is_known(
    error: OffersServiceError, wait: timedelta
) -> None:
    after = _settle(STATE, Outcome(CLAIM, error=error))
    assert after == replace(STATE, due_at=NOW + wait, failures=4, last_error=str(error))


def test_unregistered_product_that_failed_stays_unregistered() -> None:
    after = _settle(NEW, Outcome(NEW_CLAIM, error=OffersServiceUnavailable("down")))
    assert after == replace(NEW, due_at=NOW + MINUTE, failures=1, last_error="down")

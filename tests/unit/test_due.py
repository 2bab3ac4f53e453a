"""A product's turns come once an interval, spread evenly; failures push them away."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.services.due import (
    LONGEST_BACK_OFF,
    REJECTED_RETRY,
    back_off,
    next_phase,
    rejected_retry,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MILLISECOND = timedelta(milliseconds=1)
PRODUCT = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")

_CENTURY = datetime(2000, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - Hypothesis adds the zone
instants = st.datetimes(*_CENTURY, timezones=st.just(UTC))
intervals = st.timedeltas(MILLISECOND, timedelta(days=2))


@given(product_id=st.uuids(), now=instants, interval=intervals)
def test_next_poll_is_half_to_one_and_a_half_intervals_ahead(
    product_id: UUID, now: datetime, interval: timedelta
) -> None:
    ahead = next_phase(product_id, now, interval) - now
    # Instants are whole milliseconds, so each end may be off by less than one.
    assert interval / 2 - MILLISECOND < ahead < interval * 1.5


@given(
    product_id=st.uuids(),
    now=instants,
    elapsed=st.timedeltas(timedelta(0), timedelta(days=9)),
    seconds=st.integers(1, 86_400),
)
def test_product_keeps_its_phase(
    product_id: UUID, now: datetime, elapsed: timedelta, seconds: int
) -> None:
    interval = timedelta(seconds=seconds)
    apart = next_phase(product_id, now + elapsed, interval) - next_phase(product_id, now, interval)
    assert apart % interval == timedelta(0)


@given(product_id=st.uuids(), now=instants, interval=intervals)
def test_next_poll_is_a_whole_millisecond_in_utc(
    product_id: UUID, now: datetime, interval: timedelta
) -> None:
    due_at = next_phase(product_id, now, interval)
    assert due_at.microsecond % 1000 == 0
    assert due_at.tzinfo is UTC


def test_product_polled_on_time_is_due_exactly_one_interval_later() -> None:
    due_at = next_phase(PRODUCT, NOW, MINUTE)
    turns = [due_at]
    for _ in range(5):
        turns.append(next_phase(PRODUCT, turns[-1], MINUTE))
    assert turns == [due_at + i * MINUTE for i in range(6)]


@pytest.mark.parametrize("interval", [timedelta(microseconds=1), timedelta(0)], ids=str)
def test_interval_below_a_millisecond_is_harmless(interval: timedelta) -> None:
    assert abs(next_phase(PRODUCT, NOW, interval) - NOW) <= MILLISECOND


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param([UUID(int=random.Random(i).getrandbits(128)) for i in range(1000)], id="any"),
        pytest.param([UUID(int=i) for i in range(1000)], id="sequential"),
    ],
)
def test_thousand_products_are_spread_evenly(ids: list[UUID]) -> None:
    tenths = Counter(
        (next_phase(id_, NOW, MINUTE) - NOW - MINUTE / 2) // (MINUTE / 10) for id_ in ids
    )
    # A tenth is 100 products give or take 9.5; four times that is chance one in thousands.
    assert all(62 <= tenths[i] <= 138 for i in range(10)), tenths


@pytest.mark.parametrize(
    ("failures", "longest"),
    [
        (1, MINUTE),
        (2, 2 * MINUTE),
        (3, 4 * MINUTE),
        (4, 8 * MINUTE),
        (5, LONGEST_BACK_OFF),
        (6, LONGEST_BACK_OFF),
        (10_000, LONGEST_BACK_OFF),
    ],
)
def test_back_off_doubles_up_to_fifteen_minutes(
    monkeypatch: pytest.MonkeyPatch, failures: int, longest: timedelta
) -> None:
    monkeypatch.setattr(random, "uniform", lambda _low, high: high)
    assert back_off(failures, MINUTE) == longest


def test_longest_back_off_is_fifteen_minutes() -> None:
    assert timedelta(minutes=15) == LONGEST_BACK_OFF


@given(failures=st.integers(1, 10**6), interval=intervals)
def test_back_off_loses_at_most_a_quarter_and_never_exceeds_its_cap(
    failures: int, interval: timedelta
) -> None:
    longest = min(interval * 2 ** min(failures - 1, 20), max(LONGEST_BACK_OFF, interval))
    microsecond = timedelta(microseconds=1)
    assert longest * 0.75 - microsecond <= back_off(failures, interval) <= longest + microsecond


def test_products_that_failed_together_come_back_apart() -> None:
    # Hypothesis seeds `random`, so its properties see one jitter only.
    waits = {back_off(4, MINUTE) for _ in range(1000)}
    assert len(waits) > 900
    assert all(6 * MINUTE <= wait <= 8 * MINUTE for wait in waits)
    assert max(waits) - min(waits) > 1.9 * MINUTE


def test_interval_longer_than_the_cap_is_never_undercut_by_more_than_the_jitter() -> None:
    day = timedelta(days=1)
    assert 0.75 * day <= back_off(9, day) <= day


def test_refused_registration_is_left_alone_for_hours() -> None:
    waits = {rejected_retry() for _ in range(100)}
    assert len(waits) > 90
    assert all(0.75 * REJECTED_RETRY <= wait <= REJECTED_RETRY for wait in waits)

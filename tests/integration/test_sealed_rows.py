"""What sealed hours look like to somebody who reads the tables with plain SQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.factories import seal_history
from tests.integration.past import A, B, Polls, store

MINUTE = 60_000
#: Known without the minutes 20 to 30, 65 to 75 and 95 to 105.
POLLS: Polls = {
    0: {A: (100, 1), B: (200, 1)},
    30: {A: (70, 0), B: (50, 1)},
    45: {},
    75: {B: (80, 1)},
    105: {B: (80, 1)},
    120: {B: (80, 1)},
}


@pytest.fixture
def _sealed(engine: Engine) -> None:
    """Store and seal two hours of one product."""
    store(engine, POLLS, stale_after=timedelta(minutes=20))
    assert seal_history(engine) == 2


def read(engine: Engine, columns: str, aggregate: str) -> list[tuple[Any, ...]]:
    """Return columns of an aggregate's hours, the earlier hour first."""
    query = f"SELECT {columns} FROM price_hours WHERE aggregate = :aggregate ORDER BY hour"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), {"aggregate": aggregate})]


@pytest.mark.usefixtures("_sealed")
@pytest.mark.parametrize(
    ("aggregate", "hours"),
    [
        pytest.param("best", [(100, None, 50, 100), (None, 80, 80, 80)], id="best"),
        pytest.param("mean", [(150, None, 50, 150), (None, 80, 80, 80)], id="mean"),
        pytest.param("median", [(150, None, 50, 150), (None, 80, 80, 80)], id="median"),
    ],
)
def test_prices_of_an_hour(
    engine: Engine, aggregate: str, hours: list[tuple[int | None, ...]]
) -> None:
    assert read(engine, "open, close, low, high", aggregate) == hours


@pytest.mark.usefixtures("_sealed")
@pytest.mark.parametrize(
    ("aggregate", "first_hour"),
    [
        pytest.param("best", 20 * 100 + 15 * 50, id="best"),
        pytest.param("mean", 20 * 150 + 15 * 50, id="mean"),
        pytest.param("median", 20 * 150 + 15 * 50, id="median"),
    ],
)
def test_average_is_the_integral_by_the_priced_time(
    engine: Engine, aggregate: str, first_hour: int
) -> None:
    found = read(engine, "known_ms, priced_ms, CAST(integral AS NUMERIC)", aggregate)
    assert found == [
        (50 * MINUTE, 35 * MINUTE, first_hour * MINUTE),
        (40 * MINUTE, 35 * MINUTE, 35 * 80 * MINUTE),
    ]


@pytest.mark.usefixtures("_sealed")
def test_hour_that_begins_or_ends_without_a_price_tells_the_nearest(engine: Engine) -> None:
    assert read(engine, "first, last", "best") == [(None, 50), (80, None)]
    instants = "low_at, high_at, first_at, last_until"
    found = [[at and minute_of(at) for at in hour] for hour in read(engine, instants, "best")]
    assert found == [["00:30", "00:00", None, "00:45"], ["01:15", "01:15", "01:15", None]]


def minute_of(at: object) -> str:
    """Return the time of an instant, which SQLite gives as text."""
    return str(at)[11:16]


@pytest.mark.usefixtures("_sealed")
def test_low_and_high_name_their_offers_only_where_there_is_one(engine: Engine) -> None:
    offers = "low_offer_id, high_offer_id"
    found = [[str(id_).replace("-", "") for id_ in hour] for hour in read(engine, offers, "best")]
    assert found == [[B.hex, A.hex], [B.hex, B.hex]]
    assert read(engine, offers, "mean") == [(None, None)] * 2


@pytest.mark.usefixtures("_sealed")
def test_moments_lie_around_the_mean_of_the_priced_time(engine: Engine) -> None:
    [first_hour, _] = read(engine, "t, tt, price_t", "best")
    # Twenty minutes around the tenth, and fifteen around the middle of the thirty-eighth.
    mean = (20 * 10 + 15 * 37.5) / 35
    spread = 20**3 / 12 + 20 * (10 - mean) ** 2 + 15**3 / 12 + 15 * (37.5 - mean) ** 2
    rise = 100 * 20 * (10 - mean) + 50 * 15 * (37.5 - mean)
    assert first_hour == pytest.approx((mean / 60, spread / 60**3, rise / 60**2))

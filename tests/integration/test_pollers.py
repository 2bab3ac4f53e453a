"""Pollers tell in the database that their work gets on."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from aggregator.clock import utc_now
from aggregator.db import reading, unit_of_work
from aggregator.services.pollers import list_pollers, poller_seen
from poller.heartbeat import Heartbeat
from poller.metrics import PollerMetrics


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


def pollers(engine: Engine) -> list[tuple[UUID, datetime]]:
    with reading(engine) as session:
        return [(poller.id, poller.seen_at) for poller in list_pollers(session)]


def see(engine: Engine, poller_id: UUID, now: datetime) -> None:
    with unit_of_work(engine) as session:
        poller_seen(session, poller_id, host="a", pid=1, started_at=now, now=now)


def test_a_heartbeat_is_written_down_once_in_ten_seconds(
    engine: Engine, clock: list[float]
) -> None:
    heartbeat = Heartbeat(engine, PollerMetrics(), clock=lambda: clock[0])
    heartbeat.beat()
    first = pollers(engine)
    clock[0] = 9.0
    heartbeat.beat()
    assert pollers(engine) == first
    clock[0] = 10.0
    heartbeat.beat()
    [(poller_id, seen_at)] = pollers(engine)
    assert poller_id == first[0][0]
    assert seen_at > first[0][1]


def test_a_beat_that_failed_is_made_up_for_at_once(engine: Engine) -> None:
    heartbeat = Heartbeat(engine, PollerMetrics())
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE pollers RENAME TO away"))
    with pytest.raises(Exception, match="pollers"):
        heartbeat.beat()
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO pollers"))
    heartbeat.beat()
    assert len(pollers(engine)) == 1


def test_a_poller_that_ends_is_forgotten(engine: Engine) -> None:
    one, other = Heartbeat(engine, PollerMetrics()), Heartbeat(engine, PollerMetrics())
    one.beat()
    other.beat()
    one.end()
    assert len(pollers(engine)) == 1


def test_one_that_fell_silent_a_day_ago_is_forgotten(engine: Engine) -> None:
    now = utc_now()
    old, recent, new = uuid4(), uuid4(), uuid4()
    see(engine, old, now - timedelta(days=1, seconds=1))
    see(engine, recent, now - timedelta(hours=23))
    see(engine, new, now)
    assert [poller_id for poller_id, _ in pollers(engine)] == [new, recent]

"""Pollers killed while they poll and seal: history stays what the offers service served.

``KILLS=50`` in the environment asks for more of them than every run of the tests has time for.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, cycle
from subprocess import TimeoutExpired
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, update

from aggregator.clock import to_ms, utc_now
from aggregator.db import reading
from aggregator.history.plan import floor_hour
from aggregator.models import PriceSeal, ProductSync
from aggregator.services.archive import Archive
from aggregator.services.changes import ChangesQuestion, list_changes
from aggregator.services.paging import PageRequest
from tests.e2e.claims import Claimable, has_claims, wait_for_claims
from tests.e2e.conftest import Start, Web
from tests.e2e.lives import Life, seen_by_life, served_by_life
from tests.e2e.processes import POLLER, Process
from tests.e2e.reader import Reader
from tests.e2e.replay import Replay, read_events
from tests.e2e.stored_history import StoredHistory
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

KILLS = int(os.environ.get("KILLS", "8"))
N_PRODUCTS = 24
HOUR = timedelta(hours=1)
#: The last kill comes so long before the present: more hours than are sealed at a time.
LAST_PAUSE = 8 * HOUR

#: What pollers are killed at, one after another: as soon as they have claimed products of this
#: kind, and so many seconds later at most. A turn of seals takes about a tenth of a second.
AIMS: Sequence[tuple[Claimable, float]] = (
    (ProductSync, 1.5),
    (PriceSeal, 0.01),
    (ProductSync, 0.05),
    (PriceSeal, 0.1),
)


@pytest.fixture
def upstream(start_sandbox: Any) -> SandboxControl:
    """Return a sandbox whose tokens outlive the test: a clock that is behind renews none."""
    control: SandboxControl = start_sandbox("--token-ttl-s", "86400")
    return control


@pytest.fixture
def engine(settings: dict[str, str]) -> Iterator[Engine]:
    """Return an engine of the test's own on the database of the processes."""
    engine = create_engine(settings["DATABASE_URL"])
    yield engine
    engine.dispose()


@pytest.fixture
def product_ids(web: Web, engine: Engine) -> list[UUID]:
    """Return new products that are due by any clock."""
    product_ids = [UUID(web.create(f"Product {i}")) for i in range(N_PRODUCTS)]
    with engine.begin() as connection:
        connection.execute(update(ProductSync).values(due_at=datetime(2020, 1, 1, tzinfo=UTC)))
    return product_ids


def test_history_stays_what_was_served_however_often_the_poller_is_killed(
    start: Start,
    settings: dict[str, str],
    upstream: SandboxControl,
    web: Web,
    engine: Engine,
    product_ids: list[UUID],
) -> None:
    reader = Reader(web, engine, product_ids)
    chance = random.Random(1)
    lives, died_with = [], Counter[Claimable]()
    with reader.reading():
        for behind, (aim, within_s) in zip(clocks(chance), cycle(AIMS), strict=False):
            poller = start_shifted(start, settings, behind)
            wait_for_claims(engine, ProductSync, behind, timeout_s=15)
            upstream.tick(chance.randrange(4))
            wait_for_claims(engine, aim, behind, timeout_s=1)
            time.sleep(chance.uniform(0, within_s))
            poller.kill()
            died_with.update(k for k in (PriceSeal, ProductSync) if has_claims(engine, k, behind))
            assert said_nothing_bad(poller)
            lives.append(Life.of(poller, behind))
    assert died_with[PriceSeal]
    assert died_with[ProductSync]
    stored = check_history(reader, engine, upstream, lives)
    assert sum(len(product.hours) for product in stored) > N_PRODUCTS

    poller = start(*POLLER, "--once", **settings)
    assert poller.wait() == 0
    assert said_nothing_bad(poller)
    lives.append(Life.of(poller))
    for product in check_history(reader, engine, upstream, lives):
        assert product.sealed_until == floor_hour(product.polls[-1])


def test_a_poller_that_wakes_up_after_its_leases_writes_nothing(
    start: Start,
    settings: dict[str, str],
    upstream: SandboxControl,
    web: Web,
    engine: Engine,
    product_ids: list[UUID],
) -> None:
    behind = 9 * HOUR
    upstream.faults(latency_ms=3000, paths=["offers"])
    sleeper = start_shifted(start, settings | {"OFFERS_TIMEOUT_S": "15"}, behind)
    wait_for_claims(engine, ProductSync, behind, timeout_s=15)
    time.sleep(1)
    send(sleeper, signal.SIGSTOP)
    # As many as one poller asks about at once.
    wait_until(lambda: len(upstream.log()) == 16)
    upstream.faults()
    upstream.tick(9)
    poller = start_shifted(start, settings, behind - HOUR, "--once")
    assert poller.wait() == 0

    send(sleeper, signal.SIGCONT)
    sleeper.wait_for("products_polled")
    sleeper.kill()
    lives = [Life.of(sleeper, behind), Life.of(poller, behind - HOUR)]
    check_history(Reader(web, engine, product_ids), engine, upstream, lives)
    assert f'"lost": {N_PRODUCTS}' in sleeper.said()


def test_who_reads_while_hours_are_sealed_sees_one_instant(
    start: Start, settings: dict[str, str], engine: Engine, product_ids: list[UUID]
) -> None:
    behind = 9 * HOUR
    assert start_shifted(start, settings, behind, "--once").wait() == 0
    everything = ChangesQuestion(0, to_ms(utc_now()), offer_id=None, newest_first=False)
    with reading(engine) as session:
        archive = Archive(session, product_ids[0], known_for=timedelta(0))
        assert start_shifted(start, settings, behind - 2 * HOUR, "--once").wait() == 0
        told = list_changes(session, product_ids[0], everything, PageRequest(limit=100)).page.rows
        assert told == list(archive.recent.events())
    with reading(engine) as session:
        assert StoredHistory(session, product_ids[0]).sealed_until > archive.sealed_until


def clocks(chance: random.Random) -> list[timedelta]:
    """Return how far each poller's clock is behind: 20 to 80 minutes less than the last one's."""
    steps = [timedelta(minutes=chance.uniform(20, 80)) for _ in range(KILLS)]
    return list(accumulate(steps, initial=LAST_PAUSE))[:0:-1]


def start_shifted(
    start: Start, settings: dict[str, str], behind: timedelta, *options: str
) -> Process:
    """Start a poller whose clock is behind."""
    command = [sys.executable, "-m", "tests.e2e.shifted_poller", str(behind.total_seconds())]
    return start(*command, *options, **settings)


def send(poller: Process, signum: int) -> None:
    """Send a signal that ends nothing."""
    with pytest.raises(TimeoutExpired):
        poller.stop(signum, timeout_s=0)


def said_nothing_bad(poller: Process) -> bool:
    """Tell whether all that a poller said is for information only."""
    return all('"level": "info"' in line for line in poller.said().splitlines())


def check_history(
    reader: Reader, engine: Engine, upstream: SandboxControl, lives: Sequence[Life]
) -> list[StoredHistory]:
    """Compare all that is told and stored with all that was served; return what is stored."""
    served = served_by_life(upstream.log(), lives)
    found = []
    for product_id in reader.told:
        events = read_events(reader.read(product_id))
        with reading(engine) as session:
            stored = StoredHistory(session, product_id)
            replay = Replay(events, stored.polls)
            stored.check(replay)
        found.append(stored)
        pairs = zip(seen_by_life(replay, lives), served[product_id], strict=True)
        for life, (seen, answers) in enumerate(pairs):
            assert seen == answers[: len(seen)]
            # What is under way when a poller is killed is lost, and nothing else.
            assert len(answers) - len(seen) <= (life < KILLS)
    return found

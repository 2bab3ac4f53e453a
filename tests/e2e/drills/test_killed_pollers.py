"""Pollers killed at random: while they poll and seal alone, and while others work beside them.

Of each product, a kill may lose one answer: the one that was under way. Nothing else.
"""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from itertools import accumulate, cycle
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from aggregator.clock import to_ms, utc_now
from aggregator.history.plan import floor_hour
from aggregator.models import PriceSeal, ProductSync
from tests.e2e.answers import list_answers
from tests.e2e.claims import Claimable, has_claims, make_all_due, wait_for_claims
from tests.e2e.conftest import Start, Web
from tests.e2e.drills.clients import Clients
from tests.e2e.drills.size import FULL, by_size, quick_on
from tests.e2e.drills.state import find_warnings, wait_for_polls
from tests.e2e.history_check import check_history
from tests.e2e.lives import Life
from tests.e2e.processes import POLLER, Process
from tests.e2e.reader import Reader
from tests.e2e.shifted_poller import start_shifted
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

KILLS = by_size(8, 50)
KILLS_OF_SEVERAL = by_size(1, 12)
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
def product_ids(web: Web, settings: dict[str, str]) -> list[UUID]:
    """Return new products that are due by any clock."""
    product_ids = [UUID(web.create(f"Product {i}")) for i in range(N_PRODUCTS)]
    make_all_due(settings["DATABASE_URL"])
    return product_ids


@quick_on("postgresql")
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
    lives, kills, died_with = [], [], Counter[Claimable]()
    with reader.reading():
        for behind, (aim, within_s) in zip(clocks(chance), cycle(AIMS), strict=False):
            upstream.tick(chance.randrange(4))
            poller = start_shifted(start, settings, behind)
            # Polls and seals begin at the same moment, each in a thread of its own.
            wait_for_claims(engine, aim, behind, timeout_s=15)
            time.sleep(chance.uniform(0, within_s))
            poller.kill()
            kills.append(to_ms(utc_now()))
            died_with.update(k for k in (PriceSeal, ProductSync) if has_claims(engine, k, behind))
            assert find_warnings(poller) == []
            lives.append(Life.of(poller, behind))
    assert died_with[PriceSeal]
    assert died_with[ProductSync]
    answers = list_answers(upstream.log())
    stored = check_history(reader, engine, answers, interruptions=kills, lives=lives)
    # Few lives are long enough to seal beside polling.
    assert not FULL or any(product.hours for product in stored)

    poller = start(*POLLER, "--once", **settings)
    assert poller.wait() == 0
    assert find_warnings(poller) == []
    lives.append(Life.of(poller))
    answers = list_answers(upstream.log())
    for product in check_history(reader, engine, answers, interruptions=kills, lives=lives):
        assert product.sealed_until == floor_hour(product.polls[-1])


@quick_on("postgresql")
def test_other_pollers_make_up_for_one_that_is_killed(
    start: Start,
    settings: dict[str, str],
    upstream: SandboxControl,
    web: Web,
    engine: Engine,
    product_ids: list[UUID],
) -> None:
    reader, chance, interruptions = Reader(web, engine, product_ids), random.Random(2), []
    clients = Clients(web, reader)
    upstream.faults(latency_ms=100, paths=["offers"])
    pollers = [start(*POLLER, **settings) for _ in range(2)]
    with clients.at_work():
        for number in range(KILLS_OF_SEVERAL):
            wait_for_polls(engine)
            upstream.tick()
            wait_for_claims(engine, ProductSync, timedelta(0), timeout_s=15)
            time.sleep(chance.uniform(0, 0.3))
            pollers.pop(0).kill()
            interruptions.append(to_ms(utc_now()))
            # In the full size, the last one's leases end by themselves.
            if not (FULL and number == KILLS_OF_SEVERAL - 1):
                make_all_due(settings["DATABASE_URL"])
            pollers.append(start(*POLLER, **settings))
            pollers[-1].wait_for("poller_started")
    wait_for_polls(engine, interruptions[-1], timeout_s=90)
    interruptions.append(to_ms(utc_now()))
    assert [poller.stop() for poller in pollers] == [0, 0]

    clients.check()
    assert find_warnings(*pollers) == []
    check_history(reader, engine, list_answers(upstream.log()), interruptions=interruptions)


@quick_on("postgresql")
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
    freeze(sleeper, engine)
    # As many as one poller asks about at once.
    wait_until(lambda: len(upstream.log()) == 16)
    stopped_at = to_ms(utc_now())
    upstream.faults()
    upstream.tick(9)
    poller = start_shifted(start, settings, behind - HOUR, "--once")
    assert poller.wait() == 0

    woken_at = to_ms(utc_now())
    sleeper.send(signal.SIGCONT)
    wait_until(lambda: count_lost(sleeper) == N_PRODUCTS)
    sleeper.kill()
    lives = [Life.of(sleeper, behind), Life.of(poller, behind - HOUR)]
    reader, answers = Reader(web, engine, product_ids), list_answers(upstream.log())
    check_history(reader, engine, answers, interruptions=[stopped_at, woken_at], lives=lives)


def clocks(chance: random.Random) -> list[timedelta]:
    """Return how far each poller's clock is behind: 20 to 80 minutes less than the last one's."""
    steps = [timedelta(seconds=chance.randrange(1200, 4800)) for _ in range(KILLS)]
    return list(accumulate(steps, initial=LAST_PAUSE))[:0:-1]


def freeze(poller: Process, engine: Engine) -> None:
    """Stop a poller, but not while it writes: on SQLite nobody else could until it wakes up."""

    def is_frozen() -> bool:
        poller.send(signal.SIGSTOP)
        if can_write(engine):
            return True
        poller.send(signal.SIGCONT)
        return False

    wait_until(is_frozen)


def can_write(engine: Engine) -> bool:
    """Tell whether nobody keeps all others from writing, as one can on SQLite."""
    if engine.url.database is None or engine.dialect.name != "sqlite":
        return True
    with closing(sqlite3.connect(engine.url.database, timeout=0.2)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        return True


def count_lost(poller: Process) -> int:
    """Return how many attempts a poller tells to have made in vain."""
    lines = map(json.loads, poller.said().splitlines())
    return sum(line["lost"] for line in lines if line["event"] == "products_polled")

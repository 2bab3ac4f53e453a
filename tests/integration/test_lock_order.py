"""Whoever locks rows of products, none waits for another in a circle. On PostgreSQL."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from queue import Empty, SimpleQueue
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.errors import ProductNotFound
from aggregator.offers_wire import RemoteOffer, Snapshot
from aggregator.services import claims, products, turns
from aggregator.services.claims import Claim, claim_due, claim_product
from aggregator.services.polls import Outcome
from aggregator.services.recorder import Recorder
from tests.integration.conftest import Catalogue

pytestmark = [
    pytest.mark.waits,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]

_FOR_S = 2.0
#: Two ways to find the same rows: by an index, and in the order in which they lie.
_PLANS = ("-c enable_seqscan=off", "-c enable_indexscan=off")
Claims = SimpleQueue[list[Claim]]


@pytest.fixture
def engines(database_url: str, engine: Engine) -> Iterator[list[Engine]]:
    """Return engines whose databases plan differently."""
    made = [
        create_engine(
            database_url,
            pool_size=8,
            connect_args={"options": f"{plan} -c enable_bitmapscan=off -c enable_hashjoin=off"},
        )
        for plan in _PLANS
    ]
    yield made
    for each in made:
        each.dispose()


def repeat(action: Callable[[], object]) -> None:
    end = time.monotonic() + _FOR_S
    while time.monotonic() < end:
        action()


def claim(engine: Engine, claimed: Claims) -> None:
    with unit_of_work(engine) as session:
        claimed.put(claim_due(session, now=utc_now(), limit=30))


def store(engine: Engine, claimed: Claims) -> None:
    with suppress(Empty):
        outcomes = [observed(each) for each in claimed.get(timeout=0.1)]
        # What arrives together was not claimed together, nor in the order of arrival.
        with suppress(Empty):
            outcomes += [observed(each) for each in claimed.get_nowait()]
        recorder = Recorder(
            engine=engine, interval=timedelta(milliseconds=50), stale_after=timedelta(minutes=5)
        )
        recorder.record(list({each.claim.product_id: each for each in outcomes}.values()))


def observed(claim: Claim) -> Outcome:
    offers = tuple(RemoteOffer(UUID(int=i), random.randrange(99), 1) for i in range(3))
    return Outcome(claim, registered_at=utc_now(), snapshot=Snapshot(offers, (), utc_now()))


def replace_one(engine: Engine, catalogue: Catalogue, product_ids: list[UUID]) -> None:
    deleted = product_ids.pop(random.randrange(len(product_ids)))
    with unit_of_work(engine) as session:
        products.delete_product(session, deleted)
    product_ids += catalogue.add()


def force(engine: Engine, product_ids: list[UUID], claimed: Claims) -> None:
    with suppress(ProductNotFound), unit_of_work(engine) as session:
        by_hand = claim_product(session, random.choice(product_ids), now=utc_now())
    if by_hand:
        claimed.put([by_hand])


def test_nobody_waits_in_a_circle(
    engines: list[Engine], catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short_or_long(now: object) -> object:
        lease_s = random.choice([random.uniform(0, 0.05), 30 + random.random()])
        return utc_now() + timedelta(seconds=lease_s)

    monkeypatch.setattr(claims, "lease_end", short_or_long)
    product_ids, claimed = catalogue.add(60), Claims()
    actions: list[Callable[[], object]] = [
        *(partial(claim, each, claimed) for each in engines),
        *(partial(store, each, claimed) for each in engines),
        partial(replace_one, engines[0], catalogue, product_ids),
        partial(force, engines[1], product_ids, claimed),
    ]
    with ThreadPoolExecutor(len(actions)) as pool:
        for done in [pool.submit(repeat, action) for action in actions]:
            done.result(timeout=60)


def test_who_is_stopped_with_the_turn_keeps_nobody_waiting_for_ever(
    engine: Engine, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.add(2)
    monkeypatch.setattr(turns, "_LONGEST_IDLE", "300ms")
    with pytest.raises(DBAPIError), unit_of_work(engine) as stopped:  # noqa: PT012 - at its end
        assert len(claim_due(stopped, now=utc_now(), limit=1)) == 1
        with unit_of_work(engine) as session:
            assert len(claim_due(session, now=utc_now(), limit=9)) == 2

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
from threading import Event
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.errors import ProductNotFound
from aggregator.models import PriceDetail, PriceSeal
from aggregator.offers_wire import RemoteOffer, Snapshot
from aggregator.services import claims, products, turns
from aggregator.services.claims import Claim, claim_due, claim_product
from aggregator.services.polls import Outcome
from aggregator.services.recorder import Recorder
from aggregator.services.seal_claims import claim_seals, hold_seals
from aggregator.services.sealing import seal_products
from tests.integration.conftest import Catalogue
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.waits,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]

_FOR_S = 2.0
#: Two ways to find the same rows: by an index, and in the order in which they lie.
_PLANS = ("-c enable_seqscan=off", "-c enable_indexscan=off")
_OPTIONS = "-c enable_bitmapscan=off -c enable_hashjoin=off -c deadlock_timeout=100ms"
Claims = SimpleQueue[list[Claim]]


@pytest.fixture
def engines(database_url: str, engine: Engine) -> Iterator[list[Engine]]:
    """Return engines whose databases plan differently."""
    made = [
        create_engine(
            database_url,
            pool_size=8,
            connect_args={"options": f"{plan} {_OPTIONS}"},
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
    # Their first polls were an hour ago: from the second on there is an hour to seal.
    now = utc_now() if claim.registration is None else utc_now() - timedelta(hours=1)
    return Outcome(claim, registered_at=now, snapshot=Snapshot(offers, (), now))


def seal(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        product_ids, lease = claim_seals(session, now=utc_now(), limit=10)
    with unit_of_work(engine) as session:
        seal_products(session, product_ids, lease, now=utc_now(), detail_for=timedelta(days=400))


def replace_one(engine: Engine, catalogue: Catalogue, product_ids: list[UUID]) -> None:
    # A young one: its first poll may be under way.
    deleted = product_ids.pop(random.choice([-1, -2, -3, -30]))
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
        *(partial(seal, each) for each in engines),
        *(partial(replace_one, each, catalogue, product_ids) for each in engines),
        partial(force, engines[1], product_ids, claimed),
    ]
    with ThreadPoolExecutor(len(actions)) as pool:
        for done in [pool.submit(repeat, action) for action in actions]:
            done.result(timeout=60)


def test_a_delete_right_after_the_first_poll_waits_in_no_circle(
    engine: Engine, catalogue: Catalogue
) -> None:
    (product_id,) = catalogue.add()
    sealer_is_there, lease = Event(), utc_now() + timedelta(minutes=1)

    def is_anybody_waiting() -> bool:
        with unit_of_work(engine) as session:
            return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))

    def pause(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM products"):
            wait_until(lambda: sealer_is_there.is_set() or is_anybody_waiting())

    def delete() -> None:
        with unit_of_work(engine) as session:
            products.delete_product(session, product_id)

    def seal_an_hour() -> None:
        with unit_of_work(engine) as session:
            if hold_seals(session, [product_id], lease):
                sealer_is_there.set()
                wait_until(is_anybody_waiting)
                session.add(PriceDetail(product_id=product_id, hour=lease, n_changes=0, detail=b""))

    event.listen(engine, "before_cursor_execute", pause)
    with ThreadPoolExecutor() as pool:
        with unit_of_work(engine) as first_poll:
            claim_product(first_poll, product_id, now=utc_now())
            deleting = pool.submit(delete)
            wait_until(is_anybody_waiting)
            first_poll.add(
                PriceSeal(
                    product_id=product_id, due_at=lease, sealed_until=lease, detail_from=lease
                )
            )
        sealing = pool.submit(seal_an_hour)
        deleting.result(timeout=60)
        with suppress(IntegrityError):
            sealing.result(timeout=60)
    event.remove(engine, "before_cursor_execute", pause)


def test_who_is_stopped_with_the_turn_keeps_nobody_waiting_for_ever(
    engine: Engine, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.add(2)
    monkeypatch.setattr(turns, "_LONGEST_IDLE", "300ms")
    with pytest.raises(DBAPIError), unit_of_work(engine) as stopped:  # noqa: PT012 - at its end
        assert len(claim_due(stopped, now=utc_now(), limit=1)) == 1
        with unit_of_work(engine) as session:
            assert len(claim_due(session, now=utc_now(), limit=9)) == 2

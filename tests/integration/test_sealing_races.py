"""Whatever happens while history is sealed, none of it is lost, and none is there twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier, Event
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, update
from structlog.testing import capture_logs

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.history.detail import Detail
from aggregator.history.summary import Summary, summarise
from aggregator.models import OfferFigures
from aggregator.services import products, sealing
from aggregator.services.claims import LEASE
from aggregator.services.seal_claims import claim_seals
from aggregator.services.sealing import seal_products
from aggregator.settings import Settings
from poller.metrics import PollerMetrics
from poller.seal_job import SealJob
from tests.factories import FOR_EVER, seal_history
from tests.integration.past import A, B, C, Polls, alike, rows, store, tell_all

POLLS: Polls = {10: {A: (5, 1)}, 50: {A: (6, 1), B: (4, 1)}, 70: {B: (4, 0)}, 130: {A: (5, 1)}}
N_HOURS = 2
LATER: Polls = {135: {A: (9, 1)}, 195: {B: (1, 1)}}


class Fault(Exception):
    """Something that should not have happened."""


def claim(engine: Engine, now: datetime | None = None) -> tuple[list[UUID], datetime]:
    with unit_of_work(engine) as session:
        return claim_seals(session, now=now or utc_now(), limit=50)


def seal(engine: Engine, product_ids: list[UUID], lease: datetime) -> int:
    with unit_of_work(engine) as session:
        return seal_products(session, product_ids, lease, now=utc_now(), detail_for=FOR_EVER)


def stumble(*args: Any, **kwargs: Any) -> Any:
    raise Fault


def begin(pool: ThreadPoolExecutor, action: Callable[[], object]) -> Future[object]:
    """Begin something that PostgreSQL may do at once, and SQLite when it is its turn."""
    begun = pool.submit(action)
    wait([begun], timeout=0.2)
    return begun


def sealed_ids(engine: Engine) -> set[UUID]:
    """Return the products of which some hour is sealed."""
    return {row[0] for row in rows(engine)["price_detail"]}


def test_what_is_claimed_is_not_claimed_again_before_the_lease_ends(engine: Engine) -> None:
    product_id = store(engine, POLLS)
    now = utc_now()
    assert claim(engine, now)[0] == [product_id]
    assert claim(engine, now + LEASE - timedelta(seconds=1))[0] == []
    assert claim(engine, now + LEASE + timedelta(seconds=1))[0] == [product_id]


def test_sealer_that_lost_its_lease_writes_nothing(engine: Engine) -> None:
    store(engine, POLLS)
    now = utc_now()
    product_ids, lost = claim(engine, now)
    _, held = claim(engine, now + LEASE + timedelta(seconds=1))
    before = rows(engine)
    assert seal(engine, product_ids, lost) == 0
    assert rows(engine) == before
    assert seal(engine, product_ids, held) == N_HOURS


def test_product_deleted_after_the_claim_is_left_alone(engine: Engine) -> None:
    kept, deleted = store(engine, POLLS), store(engine, POLLS)
    product_ids, lease = claim(engine)
    with unit_of_work(engine) as session:
        products.delete_product(session, deleted)
    assert seal(engine, product_ids, lease) == N_HOURS
    assert sealed_ids(engine) == {kept}


def test_product_deleted_while_it_is_sealed_leaves_nothing(engine: Engine) -> None:
    product_id = store(engine, POLLS)
    product_ids, lease = claim(engine)

    def delete() -> None:
        with unit_of_work(engine) as session:
            products.delete_product(session, product_id)

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(engine) as session:
            now = utc_now()
            seal_products(session, product_ids, lease, now=now, detail_for=FOR_EVER)
            deletion = begin(pool, delete)
        deletion.result(20)
    assert [table for table, found in rows(engine).items() if found] == []


@pytest.mark.parametrize("step", ["find_unsealed", "_move"])
def test_polls_stored_while_hours_are_sealed_are_kept(
    engine: Engine, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    product_id, undisturbed = store(engine, POLLS), store(engine, {**POLLS, **LATER})
    expected = alike(tell_all(client, undisturbed, {**POLLS, **LATER}))
    original, polling = getattr(sealing, step), list[Future[object]]()
    with ThreadPoolExecutor(1) as pool, monkeypatch.context() as busy:
        poll = partial(store, engine, LATER, product_id=product_id)

        def poll_first(*args: Any, **kwargs: Any) -> Any:
            polling.append(begin(pool, poll))
            return original(*args, **kwargs)

        busy.setattr(sealing, step, poll_first)
        assert seal(engine, *claim_one(engine, product_id)) >= N_HOURS
    polling[0].result()
    assert tell_all(client, product_id, {**POLLS, **LATER}) == expected
    seal_history(engine)
    assert tell_all(client, product_id, {**POLLS, **LATER}) == expected


def claim_one(engine: Engine, product_id: UUID) -> tuple[list[UUID], datetime]:
    """Claim all, and give all but one back."""
    product_ids, lease = claim(engine)
    assert product_id in product_ids
    return [product_id], lease


@pytest.mark.parametrize("step", ["find_unsealed", "_move", "next_seal"])
def test_crash_leaves_all_as_it_was(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store(engine, POLLS)
    product_ids, lease = claim(engine)
    before = rows(engine)
    with monkeypatch.context() as broken:
        broken.setattr(sealing, step, stumble)
        with pytest.raises(Fault):
            seal(engine, product_ids, lease)
    assert rows(engine) == before
    assert seal(engine, product_ids, lease) == N_HOURS


def test_failed_commit_leaves_all_as_it_was(engine: Engine) -> None:
    store(engine, POLLS)
    product_ids, lease = claim(engine)
    before = rows(engine)

    def seal_and_stumble() -> None:
        with unit_of_work(engine) as session:
            now = utc_now()
            seal_products(session, product_ids, lease, now=now, detail_for=FOR_EVER)
            raise Fault

    with pytest.raises(Fault):
        seal_and_stumble()
    assert rows(engine) == before


def test_product_that_trips_a_fault_keeps_no_other_from_being_sealed(
    engine: Engine, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    peculiar: Polls = {10: {C: (1, 1)}, 70: {}}
    first, bad, last = (store(engine, polls) for polls in (POLLS, peculiar, POLLS))
    before = tell_all(client, bad, peculiar)

    def stumble_over_c(detail: Detail, known: Any) -> Summary:
        return stumble() if C in detail.offers else summarise(detail, known)

    now = utc_now()
    with monkeypatch.context() as broken, capture_logs() as logs:
        broken.setattr(sealing, "summarise", stumble_over_c)
        assert seal(engine, *claim(engine, now)) == 2 * N_HOURS
    assert [(line["event"], line["product_id"]) for line in logs] == [("seal_crashed", bad)]
    assert sealed_ids(engine) == {first, last}
    assert tell_all(client, bad, peculiar) == before
    product_ids, lease = claim(engine, now + LEASE + timedelta(seconds=1))
    assert bad in product_ids
    assert seal(engine, product_ids, lease) == 1


def test_damaged_hour_keeps_no_other_from_being_sealed(engine: Engine) -> None:
    bad = store(engine, POLLS)
    seal_history(engine)
    store(engine, LATER, product_id=bad)
    good = store(engine, POLLS)
    with unit_of_work(engine) as session:
        damaged = update(OfferFigures).where(OfferFigures.product_id == bad)
        session.execute(damaged.values(figures=b"damaged"))
    assert seal_history(engine) == N_HOURS
    assert sealed_ids(engine) == {bad, good}


def test_two_sealers_at_once_seal_everything_once(engine: Engine, client: FlaskClient) -> None:
    model = store(engine, POLLS)
    expected = alike(tell_all(client, model, POLLS))
    product_ids = [model, *(store(engine, POLLS) for _ in range(13))]
    both = Barrier(2)

    def run() -> None:
        job = SealJob(Settings(history_detail_days=10_000), engine, Event(), PollerMetrics())
        both.wait(10)
        job.run_all()

    with ThreadPoolExecutor(2) as pool:
        for sealer in [pool.submit(run) for _ in range(2)]:
            sealer.result(30)
    found = rows(engine)
    assert len(found["price_detail"]) == len(found["offer_hours"]) == N_HOURS * len(product_ids)
    assert sealed_ids(engine) == set(product_ids)
    assert all(tell_all(client, id_, POLLS) == expected for id_ in product_ids[::6])

"""Several pollers, leases and fences, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.errors import ProductNotFound
from aggregator.offers_errors import OffersServiceRejected
from aggregator.offers_wire import RemoteOffer, Snapshot
from aggregator.services import products
from aggregator.services.claims import LEASE, Claim, claim_due, claim_product
from aggregator.services.polls import Outcome
from aggregator.services.recorder import Recorder
from poller.poll_job import PollJob
from tests.integration.conftest import Catalogue, MakePoller
from tests.integration.stored import listed_offers, points
from tests.sandbox_control import SandboxControl

OFFER = UUID(int=1)


@pytest.fixture
def recorder(engine: Engine) -> Recorder:
    """Return what stores outcomes."""
    minute = timedelta(minutes=1)
    return Recorder(engine=engine, interval=minute, stale_after=5 * minute)


def claim_one(engine: Engine) -> Claim:
    with unit_of_work(engine) as session:
        [claim] = claim_due(session, now=utc_now(), limit=1)
    return claim


def observed(claim: Claim, price: int) -> Outcome:
    return Outcome(
        claim,
        registered_at=utc_now(),
        snapshot=Snapshot((RemoteOffer(OFFER, price, 1),), (), utc_now()),
    )


def test_the_most_overdue_products_are_claimed_first(engine: Engine, catalogue: Catalogue) -> None:
    product_ids = catalogue.add(5)
    with unit_of_work(engine) as session:
        claims = claim_due(session, now=utc_now(), limit=2)
    assert {claim.product_id for claim in claims} == set(product_ids[:2])


def test_what_is_claimed_is_not_due_until_the_lease_ends(
    engine: Engine, catalogue: Catalogue
) -> None:
    catalogue.add()
    claim = claim_one(engine)
    with unit_of_work(engine) as session:
        assert claim_due(session, now=utc_now(), limit=9) == []
        [again] = claim_due(session, now=utc_now() + LEASE * 1.1, limit=9)
    assert again.product_id == claim.product_id
    assert again.lease_end > claim.lease_end


def test_many_claimants_share_the_products_out(engine: Engine, catalogue: Catalogue) -> None:
    product_ids = catalogue.add(200)
    start = threading.Barrier(8)

    def claim_all() -> list[UUID]:
        mine: list[UUID] = []
        start.wait()
        while True:
            with unit_of_work(engine) as session:
                claims = claim_due(session, now=utc_now(), limit=7)
            if not claims:
                return mine
            mine += [claim.product_id for claim in claims]

    with ThreadPoolExecutor(8) as pool:
        shares = [share.result() for share in [pool.submit(claim_all) for _ in range(8)]]
    claimed = [product_id for share in shares for product_id in share]
    assert len(claimed) == len(set(claimed))
    with unit_of_work(engine) as session:
        while rest := claim_due(session, now=utc_now(), limit=100):
            claimed += [claim.product_id for claim in rest]
    assert sorted(claimed) == sorted(product_ids)


def test_two_pollers_at_once_poll_each_product_once(
    make_poller: MakePoller, catalogue: Catalogue, sandbox: SandboxControl
) -> None:
    product_ids = {str(id_) for id_ in catalogue.add(60)}
    jobs = [make_poller(sandbox.base_url, offers_timeout_s=10.0) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        tallies = list(pool.map(PollJob.run_all, jobs))
    polled = [entry["product_id"] for entry in sandbox.log()]
    assert sorted(polled) == sorted(product_ids)
    assert sum(tally.polled for tally in tallies) == 60
    assert sandbox.requests("register") == 60


def test_who_slept_past_the_lease_writes_nothing(
    engine: Engine, catalogue: Catalogue, recorder: Recorder
) -> None:
    [product_id] = catalogue.add()
    late = claim_one(engine)
    catalogue.make_due(product_id)
    quick = claim_one(engine)
    assert recorder.record([observed(quick, 200)]).polled == 1
    stored = recorder.record([observed(late, 100)])
    assert (stored.polled, stored.lost) == (0, frozenset({product_id}))
    assert listed_offers(engine, product_id) == {str(OFFER): (200, 1)}
    assert len(points(engine, product_id)) == 1


def test_a_registration_that_ends_after_the_product_was_polled_writes_nothing(
    engine: Engine, catalogue: Catalogue, recorder: Recorder
) -> None:
    with unit_of_work(engine) as session:
        created = products.create_product(
            session, product_id=None, name="Pan", description="", now=utc_now()
        )
    catalogue.make_due(created.product_id)
    recorder.record([observed(claim_one(engine), 200)])
    recorder.record_registration(Outcome(created, registered_at=utc_now()))
    assert catalogue.sync(created.product_id).best_price == 200


def test_a_product_deleted_while_its_poll_is_under_way_stays_deleted(
    engine: Engine, catalogue: Catalogue, recorder: Recorder
) -> None:
    deleted, kept = catalogue.add(2)
    with unit_of_work(engine) as session:
        claims = claim_due(session, now=utc_now(), limit=2)
    with unit_of_work(engine) as session:
        products.delete_product(session, deleted)
    stored = recorder.record([observed(claim, 5) for claim in claims])
    assert (stored.polled, stored.lost) == (1, frozenset({deleted}))
    assert points(engine, deleted) == []
    assert listed_offers(engine, kept) == {str(OFFER): (5, 1)}
    with pytest.raises(ProductNotFound), unit_of_work(engine) as session:
        products.delete_product(session, deleted)


def test_deletes_while_outcomes_are_stored_never_deadlock(
    engine: Engine, catalogue: Catalogue, recorder: Recorder
) -> None:
    product_ids = catalogue.add(120)

    def store() -> int:
        lost = 0
        while True:
            with unit_of_work(engine) as session:
                claims = claim_due(session, now=utc_now(), limit=20)
            if not claims:
                return lost
            lost += len(recorder.record([observed(claim, 5) for claim in claims]).lost)

    def delete() -> None:
        for product_id in product_ids[::2]:
            with unit_of_work(engine) as session:
                products.delete_product(session, product_id)

    with ThreadPoolExecutor(3) as pool:
        futures: list[Future[Any]] = [pool.submit(store), pool.submit(store), pool.submit(delete)]
        for future in futures:
            future.result(timeout=30)
    for product_id in product_ids[::2]:
        assert points(engine, product_id) == []
    for product_id in product_ids[1::2]:
        assert len(points(engine, product_id)) == 1


def test_a_poll_by_hand_takes_the_product_from_whoever_has_it(
    engine: Engine, catalogue: Catalogue, recorder: Recorder
) -> None:
    [product_id] = catalogue.add()
    by_poller = claim_one(engine)
    with unit_of_work(engine) as session:
        by_hand = claim_product(session, product_id, now=utc_now())
    assert by_hand
    assert recorder.record([observed(by_poller, 1)]).lost == {product_id}
    assert recorder.record([observed(by_hand, 2)]).polled == 1


def test_two_leases_of_the_same_instant_differ(engine: Engine, catalogue: Catalogue) -> None:
    [product_id] = catalogue.add()
    now = utc_now()
    with unit_of_work(engine) as session:
        claims = [claim_product(session, product_id, now=now) for _ in range(20)]
    assert len({claim.lease_end for claim in claims if claim}) > 10


def test_edits_and_deletes_of_refused_products_never_deadlock(
    engine: Engine, catalogue: Catalogue
) -> None:
    product_ids = catalogue.add(60)

    def edit() -> None:
        for i, product_id in enumerate(product_ids):
            with suppress(ProductNotFound), unit_of_work(engine) as session:
                products.update_product(session, product_id, {"name": f"{i}"}, now=utc_now())

    def delete() -> None:
        for product_id in product_ids:
            with unit_of_work(engine) as session:
                products.delete_product(session, product_id)

    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(edit), pool.submit(edit), pool.submit(delete)]:
            future.result(timeout=30)


def test_an_edit_fences_out_a_registration_under_way(
    engine: Engine, catalogue: Catalogue, recorder: Recorder
) -> None:
    [product_id] = catalogue.add()
    claim = claim_one(engine)
    with unit_of_work(engine) as session:
        products.update_product(session, product_id, {"name": "Mended"}, now=utc_now())
    refused = Outcome(claim, error=OffersServiceRejected(422, "bad name"))
    assert recorder.record([refused]).lost == {product_id}
    sync = catalogue.sync(product_id)
    assert sync.registration_error is None
    assert sync.due_at <= utc_now()

"""A poller's rounds against a real sandbox, on both databases."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, update
from structlog.testing import capture_logs

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.models import ProductSync
from aggregator.services.due import REJECTED_RETRY
from poller.poll_job import PollJob
from tests.conftest import MakeSandbox
from tests.integration.conftest import Catalogue, MakePoller
from tests.integration.stored import ended_offers, gaps, listed_offers, points, rebuilt
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

A, B, C = (str(UUID(int=n)) for n in (1, 2, 3))


def offer(id_: object, price: object, items_in_stock: object) -> dict[str, object]:
    return {"id": id_, "price": price, "items_in_stock": items_in_stock}


def served(entry: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Return what a call was answered with, its ids as the API shows them."""
    return {as_uuid(o["id"]): (o["price"], o["items_in_stock"]) for o in entry["offers"]}


def as_uuid(id_: str | int) -> str:
    return str(UUID(int=id_)) if isinstance(id_, int) else id_


def test_a_pending_product_is_registered_and_polled(
    poller: PollJob, catalogue: Catalogue, sandbox: SandboxControl, engine: Engine
) -> None:
    [product_id] = catalogue.add()

    tally = poller.run_all()

    assert (tally.polled, tally.failed) == (1, 0)
    assert sandbox.registered() == {str(product_id)}
    assert listed_offers(engine, product_id) == served(sandbox.log()[-1])
    sync = catalogue.sync(product_id)
    assert sync.registered_at
    assert sync.first_checked_at == sync.checked_at
    buyable = [price for price, stock in listed_offers(engine, product_id).values() if stock]
    assert (sync.best_price, sync.offers_count) == (min(buyable), len(buyable))


def test_all_calls_of_a_batch_carry_one_id_and_those_of_another_another(
    poller: PollJob, catalogue: Catalogue, sandbox: SandboxControl
) -> None:
    catalogue.add(5)
    poller.run_all()
    first = {entry["request_id"] for entry in sandbox.log("register") + sandbox.log()}
    catalogue.make_due()
    poller.run_all()
    both = {entry["request_id"] for entry in sandbox.log()}
    assert None not in both
    assert (len(first), len(both), first <= both) == (1, 2, True)


@pytest.mark.parametrize("generation", [1, 2])
def test_what_is_stored_equals_what_was_served_tick_by_tick(
    make_sandbox: MakeSandbox,
    make_poller: MakePoller,
    catalogue: Catalogue,
    engine: Engine,
    generation: int,
) -> None:
    sandbox = make_sandbox(generation=generation)
    token = None if generation == 1 else str(uuid4())
    poller = make_poller(sandbox.base_url, offers_refresh_token=token)
    product_ids = catalogue.add(3)
    for _ in range(40):
        poller.run_all()
        sandbox.tick()
        catalogue.make_due()

    for product_id in product_ids:
        answers = [e for e in sandbox.log() if e["product_id"] == str(product_id)]
        snapshots = [served(answer) for answer in answers]
        changes = [s for before, s in zip([{}, *snapshots], snapshots, strict=False) if s != before]
        assert rebuilt(engine, product_id) == changes
        assert listed_offers(engine, product_id) == snapshots[-1]


def test_offers_end_and_come_back(
    poller: PollJob, catalogue: Catalogue, sandbox: SandboxControl, engine: Engine
) -> None:
    [product_id] = catalogue.add()
    lists = [
        [offer(A, 100, 5), offer(B, 110, 0)],
        [offer(B, 110, 3)],
        [],
        [offer(A, 100, 5)],
    ]
    for items in lists:
        sandbox.serve(product_id, items)
        catalogue.make_due()
        poller.run_all()

    assert listed_offers(engine, product_id) == {A: (100, 5)}
    assert ended_offers(engine, product_id) == {B}
    assert points(engine, product_id) == [
        (A, 100, 5),
        (B, 110, 0),
        (A, None, None),
        (B, 110, 3),
        (B, None, None),
        (A, 100, 5),
    ]
    sync = catalogue.sync(product_id)
    assert (sync.best_price, sync.offers_count) == (100, 1)


def test_a_poll_that_sees_nothing_new_writes_no_point(
    poller: PollJob, catalogue: Catalogue, engine: Engine
) -> None:
    [product_id] = catalogue.add()
    poller.run_all()
    before, sync = points(engine, product_id), catalogue.sync(product_id)
    catalogue.make_due()
    poller.run_all()
    assert points(engine, product_id) == before
    checked_at = catalogue.sync(product_id).checked_at
    assert checked_at
    assert sync.checked_at
    assert checked_at > sync.checked_at


def test_three_hundred_offers_and_an_id_of_another_product(
    poller: PollJob, catalogue: Catalogue, sandbox: SandboxControl, engine: Engine
) -> None:
    first, second = catalogue.add(2)
    many = [offer(str(UUID(int=n)), n, n) for n in range(300)]
    sandbox.serve(first, many)
    sandbox.serve(second, [offer(A, 7, 7)])
    poller.run_all()
    assert len(listed_offers(engine, first)) == 300
    assert listed_offers(engine, first)[A] == (1, 1)
    assert listed_offers(engine, second) == {A: (7, 7)}


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(offer(A, -1, 5), id="negative-price"),
        pytest.param(offer(A, 99.5, 5), id="float-price"),
        pytest.param(offer(A, "99", 5), id="string-price"),
        pytest.param(offer(A, 2**63, 5), id="price-over-64-bits"),
        pytest.param(offer(A, 99, None), id="no-stock"),
    ],
)
def test_an_unreadable_item_leaves_its_offer_as_it_was(
    poller: PollJob,
    catalogue: Catalogue,
    sandbox: SandboxControl,
    engine: Engine,
    bad: dict[str, object],
) -> None:
    [product_id] = catalogue.add()
    sandbox.serve(product_id, [offer(A, 100, 5), offer(B, 110, 5)])
    poller.run_all()
    sandbox.serve(product_id, [bad, offer(B, 111, 5), "nonsense"])
    catalogue.make_due()
    assert poller.run_all().polled == 1
    assert listed_offers(engine, product_id) == {A: (100, 5), B: (111, 5)}


def test_an_offer_listed_twice_counts_once_unless_it_contradicts_itself(
    poller: PollJob, catalogue: Catalogue, sandbox: SandboxControl, engine: Engine
) -> None:
    [product_id] = catalogue.add()
    twice = [offer(A, 1, 1), offer(A, 1, 1), offer(B, 2, 2), offer(B, 3, 2), offer(C, 4, 4)]
    sandbox.serve(product_id, twice)
    poller.run_all()
    assert listed_offers(engine, product_id) == {A: (1, 1), C: (4, 4)}


FAILURES: list[Any] = [
    pytest.param({"status": 500}, id="500"),
    pytest.param({"status": 503, "retry_after": 120}, id="503-retry-after"),
    pytest.param({"status": 403}, id="403"),
    pytest.param({"garbage": "html"}, id="html"),
    pytest.param({"garbage": "object"}, id="object-instead-of-list"),
    pytest.param({"garbage": "truncated"}, id="truncated"),
    pytest.param({"garbage": "empty"}, id="empty-body"),
    pytest.param({"drop": True}, id="dropped-connection"),
    pytest.param({"latency_ms": 2000}, id="timeout"),
    pytest.param({"drip": 0.3}, id="slow-drip"),
    pytest.param({"endless": True}, id="endless-body"),
    pytest.param({"redirect": "http://127.0.0.1:9/"}, id="redirect"),
]


@pytest.mark.parametrize("fault", FAILURES)
def test_a_product_that_fails_changes_nothing_and_stops_no_other(
    poller: PollJob,
    catalogue: Catalogue,
    sandbox: SandboxControl,
    engine: Engine,
    fault: dict[str, Any],
) -> None:
    bad, *good = catalogue.add(4)
    poller.run_all()
    before = listed_offers(engine, bad)
    sandbox.faults(**fault, product_ids=[str(bad)], paths=["offers"])
    sandbox.tick()
    catalogue.make_due()

    tally = poller.run_all()

    assert (tally.polled, tally.failed) == (3, 1)
    assert listed_offers(engine, bad) == before
    sync = catalogue.sync(bad)
    assert sync.failures == 1
    assert sync.last_error
    wait = sync.due_at - utc_now()
    assert wait > timedelta(seconds=100 if "retry_after" in fault else 40)
    for product_id in good:
        assert catalogue.sync(product_id).failures == 0

    sandbox.faults()
    catalogue.make_due()
    assert poller.run_all().polled == 4
    assert catalogue.sync(bad).failures == 0
    assert catalogue.sync(bad).last_error is None


def test_a_service_that_forgot_everything_gets_all_registered_again_and_polled(
    poller: PollJob, catalogue: Catalogue, sandbox: SandboxControl
) -> None:
    product_ids = {str(id_) for id_ in catalogue.add(5)}
    poller.run_all()
    sandbox.forget(tokens=True)
    catalogue.make_due()
    tally = poller.run_all()
    assert (tally.polled, tally.failed) == (5, 0)
    assert sandbox.registered() == product_ids
    assert sandbox.requests("register") == 10


def test_a_product_known_to_nobody_even_after_registering_backs_off(
    poller: PollJob, catalogue: Catalogue, sandbox: SandboxControl
) -> None:
    [product_id] = catalogue.add()
    sandbox.faults(status=404, paths=["offers"])
    poller.run_all()
    sync = catalogue.sync(product_id)
    assert sync.failures == 1
    assert sync.registered_at
    catalogue.make_due()
    poller.run_all()
    assert catalogue.sync(product_id).failures == 2
    assert sandbox.requests("offers") == 3


def test_a_refused_registration_is_told_and_retried_rarely(
    poller: PollJob, catalogue: Catalogue, sandbox: SandboxControl
) -> None:
    refused, accepted = catalogue.add(2)
    sandbox.faults(status=422, paths=["register"], product_ids=[str(refused)])
    poller.run_all()
    sync = catalogue.sync(refused)
    assert sync.registration_error
    assert sync.registered_at is None
    assert sync.due_at - utc_now() > REJECTED_RETRY / 2
    assert catalogue.sync(accepted).registered_at


def test_a_service_that_is_down_blames_no_product_and_is_asked_little(
    make_poller: MakePoller, catalogue: Catalogue, sandbox: SandboxControl
) -> None:
    poller = make_poller(sandbox.base_url, poll_interval_s=2.4)
    product_ids = catalogue.add(30)
    poller.run_all()
    sandbox.faults(status=500)
    asked = sandbox.requests("offers")
    catalogue.make_due()
    for _ in range(20):
        poller.run_all()
    assert sandbox.requests("offers") - asked < 15
    # Those by whose failures it was noticed are back as soon as any other.
    assert {catalogue.sync(id_).failures for id_ in product_ids} <= {0, 1}

    sandbox.faults()

    def all_polled() -> bool:
        poller.run_all()
        return all(catalogue.sync(id_).last_error is None for id_ in product_ids)

    wait_until(all_polled, timeout_s=4)
    assert sandbox.requests("register") == 30


def test_many_products_that_fail_by_themselves_back_off_and_hold_nobody_up(
    make_poller: MakePoller, catalogue: Catalogue, sandbox: SandboxControl
) -> None:
    poller = make_poller(
        sandbox.base_url, offers_timeout_s=1.0, poll_concurrency=16, poll_interval_s=12
    )
    bad, good = catalogue.add(20), catalogue.add(40)
    poller.run_all()
    sandbox.faults(latency_ms=2000, paths=["offers"], product_ids=[str(id_) for id_ in bad])
    catalogue.make_due()

    def bad_ones_backed_off() -> bool:
        poller.run_all()
        return all(catalogue.sync(id_).failures for id_ in bad)

    wait_until(bad_ones_backed_off, timeout_s=30)
    assert all(catalogue.sync(id_).failures == 0 for id_ in good)
    catalogue.make_due(*good)
    wait_until(lambda: poller.run_all().polled >= 39)
    catalogue.make_due()
    assert poller.run_all().polled == 40, "known culprits no longer open the breaker"


def test_a_service_out_of_reach_blames_no_product(
    make_poller: MakePoller, catalogue: Catalogue, engine: Engine
) -> None:
    product_ids = catalogue.add(3)
    poller = make_poller("http://127.0.0.1:9/api/v1")
    with capture_logs() as logs:
        assert poller.run_all().polled == 0
    [told] = [line for line in logs if line["event"] == "products_polled"]
    ends = [told[name] for name in ("polled", "failed", "forgotten", "deferred", "lost")]
    assert (told["claimed"], sum(ends), told["polled"]) == (3, 3, 0)
    for product_id in product_ids:
        sync = catalogue.sync(product_id)
        assert (sync.failures, sync.registered_at) == (0, None)
        assert sync.due_at <= utc_now() + timedelta(seconds=5)


def test_a_gap_is_recorded_when_knowledge_was_stale(
    make_poller: MakePoller, catalogue: Catalogue, sandbox: SandboxControl, engine: Engine
) -> None:
    poller = make_poller(sandbox.base_url, stale_after_s=300)
    [product_id] = catalogue.add()
    poller.run_all()
    long_ago = utc_now() - timedelta(hours=2)
    with unit_of_work(engine) as session:
        session.execute(update(ProductSync).values(checked_at=long_ago))
    assert gaps(engine, product_id) == []
    catalogue.make_due()
    poller.run_all()
    poller.run_all()
    ended_at = catalogue.sync(product_id).checked_at
    assert gaps(engine, product_id) == [(long_ago, long_ago + timedelta(seconds=300), ended_at)]


def test_observations_strictly_increase_even_when_the_clock_was_turned_back(
    poller: PollJob, catalogue: Catalogue, sandbox: SandboxControl, engine: Engine
) -> None:
    [product_id] = catalogue.add()
    poller.run_all()
    ahead = utc_now() + timedelta(hours=1)
    with unit_of_work(engine) as session:
        session.execute(update(ProductSync).values(checked_at=ahead))
    sandbox.tick()
    catalogue.make_due()
    poller.run_all()
    assert catalogue.sync(product_id).checked_at == ahead + timedelta(milliseconds=1)


def test_the_tables_hold_json_numbers_up_to_64_bits(
    poller: PollJob, catalogue: Catalogue, sandbox: SandboxControl, engine: Engine
) -> None:
    [product_id] = catalogue.add()
    largest = 2**63 - 1
    sandbox.serve(product_id, json.dumps([offer(A, largest, largest)]).encode())
    poller.run_all()
    assert listed_offers(engine, product_id) == {A: (largest, largest)}

"""The main job, with the real processes over real HTTP."""

from __future__ import annotations

import signal
import sys
import time
from functools import partial
from itertools import pairwise

import pytest

from tests.e2e.conftest import Start, Web, start_web
from tests.e2e.processes import POLLER, Process
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]


def test_a_new_product_gets_offers_whose_prices_then_move(
    web: Web, poller: Process, upstream: SandboxControl
) -> None:
    response = web.call("POST", "/products", json={"name": "Benzinová sekačka 🚜"})
    assert response.status_code == 201
    product = response.json()
    assert product["registered_at"]
    first = wait_until(lambda: web.offers(product["id"]))

    upstream.tick(3)
    wait_until(lambda: web.offers(product["id"]) != first)

    seen = web.get(f"/products/{product['id']}")
    assert seen["stale"] is False
    assert seen["offers_count"] == len(web.offers(product["id"]))
    assert seen["best_price"] == min(price for price, _ in web.offers(product["id"]).values())

    assert web.call("DELETE", f"/products/{product['id']}").status_code == 204
    assert web.call("GET", f"/products/{product['id']}/offers").status_code == 404
    assert poller.is_running


def test_a_product_created_while_the_service_is_down_is_registered_when_it_is_back(
    web: Web, poller: Process, upstream: SandboxControl
) -> None:
    upstream.faults(status=503)
    product_id = web.create("Hammock")
    assert web.get(f"/products/{product_id}")["registered_at"] is None
    assert web.call("GET", f"/products/{product_id}/offers").json()["checked_at"] is None
    upstream.faults()
    wait_until(lambda: web.offers(product_id))
    assert web.get(f"/products/{product_id}")["registered_at"]
    assert upstream.registered() == {product_id}


def test_restarts_of_everything_ask_for_no_new_token(
    start: Start, settings: dict[str, str], upstream: SandboxControl
) -> None:
    for _ in range(2):
        web = start_web(start, settings)
        product_id = web.create("Hammock")
        poller = start(*POLLER, **settings)
        wait_until(partial(web.offers, product_id))
        assert poller.stop() == 0
        web.close()
    assert start(*FLASK, "products", "sync", **settings).wait() == 0
    assert upstream.requests("auth") == 1


def test_two_processes_that_meet_an_expired_token_renew_it_once(
    start: Start, settings: dict[str, str], upstream: SandboxControl, web: Web
) -> None:
    for i in range(20):
        web.create(f"Product {i}")
    upstream.revoke()
    pollers = [start(*POLLER, "--once", **settings) for _ in range(2)]
    assert [poller.wait() for poller in pollers] == [0, 0]
    assert upstream.requests("auth") == 2
    assert len({entry["product_id"] for entry in upstream.log()}) == 20


def test_two_pollers_poll_no_product_twice_in_an_interval(
    start: Start, settings: dict[str, str], upstream: SandboxControl, web: Web
) -> None:
    product_ids = [web.create(f"Product {i}") for i in range(30)]
    for _ in range(2):
        start(*POLLER, **(settings | {"POLL_INTERVAL_S": "3"}))
    wait_until(lambda: len(upstream.log()) >= 30)
    time.sleep(9.75)
    for product_id in product_ids:
        at = [entry["at"] for entry in upstream.log() if entry["product_id"] == product_id]
        # The first regular poll comes at the product's own phase, at least half an interval on.
        assert all(later - earlier > 1.4 for earlier, later in pairwise(at))
        assert all(later - earlier > 2.2 for earlier, later in pairwise(at[1:]))
        assert 3 <= len(at) <= 5


def test_once_polls_what_is_due_and_exits(
    start: Start, settings: dict[str, str], upstream: SandboxControl, web: Web
) -> None:
    product_id = web.create("Hammock")
    assert start(*POLLER, "--once", **settings).wait() == 0
    assert web.offers(product_id)
    upstream.faults(status=500, paths=["offers"])
    time.sleep(1.6)
    assert start(*POLLER, "--once", **settings).wait() == 1


def test_sigterm_ends_the_poller_in_time_while_answers_are_slow(
    start: Start, settings: dict[str, str], upstream: SandboxControl, web: Web
) -> None:
    for i in range(40):
        web.create(f"Product {i}")
    upstream.faults(latency_ms=8000, paths=["offers"])
    poller = start(*POLLER, **(settings | {"OFFERS_TIMEOUT_S": "15"}))
    poller.wait_for("poller_started")
    time.sleep(1.5)
    started = time.monotonic()
    assert poller.stop(signal.SIGTERM) == 0
    assert time.monotonic() - started < 5
    assert '"poller_stopped"' in poller.said()
    upstream.faults()
    assert start(*POLLER, "--once", **settings).wait() == 0
    assert len({entry["product_id"] for entry in upstream.log()}) == 40


def test_both_generations_are_spoken(
    start: Start, settings: dict[str, str], start_sandbox: object
) -> None:
    upstream: SandboxControl = start_sandbox("--generation", "1")  # type: ignore[operator]
    first = settings | {"OFFERS_BASE_URL": upstream.base_url, "OFFERS_REFRESH_TOKEN": ""}
    web = start_web(start, first)
    product_id = web.create("Hammock")
    start(*POLLER, **first)
    offers = wait_until(lambda: web.offers(product_id))
    assert all(id_.startswith("00000000-") for id_ in offers)
    assert upstream.requests("auth") == 1
    web.close()

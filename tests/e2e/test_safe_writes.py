"""Requests sent again, and edits at once, with several web processes over real HTTP."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import requests
from sqlalchemy import Engine, create_engine

from aggregator.services.claims import LEASE
from aggregator.services.idempotency import LIFETIME
from tests.at_once import at_once
from tests.e2e.conftest import Start, Web, start_web
from tests.e2e.processes import POLLER
from tests.integration.keyed import KETTLE, KEY, let_pass, stored_keys
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]
N = 20


@pytest.fixture
def engine(fresh_database_url: str) -> Iterator[Engine]:
    """Return an engine of the test's database."""
    engine = create_engine(fresh_database_url)
    yield engine
    engine.dispose()


def post(web: Web) -> requests.Response:
    """Create a product under the key, over a connection of its own."""
    headers = {"Idempotency-Key": KEY}
    return requests.post(f"{web.api}/products", json=KETTLE, headers=headers, timeout=20)


def put(web: Web, product_id: str, name: str) -> int:
    """Change a product's first version; return the status."""
    return requests.put(
        f"{web.api}/products/{product_id}",
        json={"name": name, "description": ""},
        headers={"If-Match": '"1"'},
        timeout=20,
    ).status_code


def test_twenty_posts_at_once_with_one_key_make_one_product(
    web: Web, upstream: SandboxControl
) -> None:
    answers = at_once([partial(post, web)] * N)
    assert {one.status_code for one in answers} <= {201, 409}
    for answer in answers:
        if answer.status_code == 409:
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.json()["type"] == "/problems/idempotency-key-in-use"
    [product] = web.get("/products")["items"]
    again = post(web)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == product
    first = [one for one in answers if "Idempotency-Replayed" not in one.headers]
    assert len([one for one in first if one.status_code == 201]) == 1
    assert {one.content for one in answers if one.status_code == 201} == {again.content}
    assert upstream.registered() == {product["id"]}
    assert upstream.requests("register") == 1


def test_a_web_server_killed_while_it_registers_leaves_one_product(
    start: Start, settings: dict[str, str], engine: Engine, upstream: SandboxControl
) -> None:
    # Else it might be killed while it obtains a token, which others wait for then.
    assert start(*FLASK, "offers-service", "signup", **settings).wait() == 0
    upstream.faults(latency_ms=8000, paths=["register"])
    slow = settings | {"REGISTER_TIMEOUT_S": "15"}
    web = start_web(start, slow)
    with ThreadPoolExecutor(1) as pool:
        killed = pool.submit(post, web)
        wait_until(lambda: web.get("/products")["items"])
        web.process.kill()
        assert isinstance(killed.exception(20), requests.ConnectionError)
    upstream.faults()
    web = start_web(start, settings)
    assert post(web).status_code == 409
    let_pass(engine, LEASE)
    answer = post(web)
    assert answer.status_code == 201
    assert answer.headers["Idempotency-Replayed"] == "true"
    [product] = web.get("/products")["items"]
    assert product["id"] == answer.json()["id"]
    assert start(*FLASK, "products", "register", **settings).wait() == 0
    assert web.get(f"/products/{product['id']}")["registered_at"]
    assert upstream.registered() == {product["id"]}
    web.close()


def test_of_edits_at_once_with_one_tag_exactly_one_is_made(web: Web) -> None:
    product_id = web.create("Hammock")
    statuses = at_once([partial(put, web, product_id, f"Hammock {n}") for n in range(N)])
    assert sorted(statuses) == [200] + [412] * (N - 1)
    assert web.get(f"/products/{product_id}")["version"] == 2


def test_what_has_not_changed_is_not_sent_again(web: Web) -> None:
    product_id = web.create("Hammock")
    for path in ("/products", f"/products/{product_id}", f"/products/{product_id}/offers"):
        tag = web.call("GET", path).headers["ETag"]
        for method in ("GET", "HEAD"):
            again = web.call(method, path, headers={"If-None-Match": tag})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["ETag"] == tag
            assert not {"Content-Type", "Content-Length"} & set(again.headers)
        assert web.call("GET", path).status_code == 200


def test_expired_keys_are_deleted_by_the_poller(
    start: Start, settings: dict[str, str], web: Web, engine: Engine
) -> None:
    assert post(web).status_code == 201
    let_pass(engine, LIFETIME)
    assert len(stored_keys(engine)) == 1
    assert start(*POLLER, "--once", **settings).wait() == 0
    assert stored_keys(engine) == []

"""Creating a product registers it with the offers service, which may be slow, down or unwilling."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from aggregator.clock import utc_now
from aggregator.services.recorder import Recorder
from poller.poll_job import Tally
from tests.at_once import at_once
from tests.conftest import NOWHERE, REFRESH_TOKEN, MakeApp, MakeSandbox
from tests.integration.api import PRODUCTS, create, fetch, json_of
from tests.integration.conftest import Catalogue, MakePoller
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

TIMEOUT_S = 0.4
#: What an answer may take beside the time-out, on a busy machine too.
A_LITTLE_S = 1.2
HURRIED = pytest.mark.parametrize("register_timeout_s", [TIMEOUT_S], ids=["hurried"])
NOW = timedelta()
SOME_SECONDS = timedelta(seconds=5)
Poll = Callable[[], Tally]
CURRENT_ONLY = pytest.mark.parametrize("generation", [2], ids=["generation-2"], indirect=True)


@pytest.fixture(params=[1, 2], ids=["generation-1", "generation-2"])
def generation(request: pytest.FixtureRequest) -> int:
    """Return each generation of the offers service."""
    return int(request.param)


@pytest.fixture
def sandbox(make_sandbox: MakeSandbox, generation: int) -> SandboxControl:
    """Return a sandbox of that generation."""
    return make_sandbox(generation=generation)


@pytest.fixture
def settings(sandbox: SandboxControl, generation: int) -> dict[str, Any]:
    """Return what an application that calls the sandbox is made with."""
    refresh_token = {1: None, 2: REFRESH_TOKEN}[generation]
    return {"offers_base_url": sandbox.base_url, "offers_refresh_token": refresh_token}


@pytest.fixture
def register_timeout_s() -> float:
    """Return a limit that no busy machine reaches by itself."""
    return 10.0


@pytest.fixture
def app(make_app: MakeApp, settings: dict[str, Any], register_timeout_s: float) -> Flask:
    """Return an application that calls the sandbox."""
    return make_app(register_timeout_s=register_timeout_s, **settings)


@pytest.fixture
def poll(make_poller: MakePoller, settings: dict[str, Any]) -> Poll:
    """Return a function that polls once what is due."""
    chosen = dict(settings)
    return make_poller(chosen.pop("offers_base_url"), **chosen).run_all


def known(sandbox: SandboxControl) -> list[dict[str, Any]]:
    """Return the registered products, as they were described to the sandbox."""
    return [
        {name: product[name] for name in ("id", "name", "description")}
        for product in sandbox.state()["registered"]["products"]
    ]


def due_in(catalogue: Catalogue, product: dict[str, Any]) -> timedelta:
    return catalogue.sync(UUID(product["id"])).due_at - utc_now()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"name": "Kettle", "description": "1.7 l"}, id="plain"),
        pytest.param({"name": "Kettle", "description": ""}, id="no-description"),
        pytest.param({"name": '"ž" 🫖 \u202e', "description": "a\n\\ž" * 2500}, id="unicode"),
        pytest.param({"name": " trimmed\n", "description": " not "}, id="trimmed"),
        pytest.param({"id": "0F8FAD5B-D9CB-469F-A165-70867728950E"}, id="own-id"),
    ],
)
def test_a_created_product_is_registered_as_it_is(
    client: FlaskClient, sandbox: SandboxControl, catalogue: Catalogue, content: dict[str, str]
) -> None:
    product = create(client, **content)
    assert product["created_at"] <= product["registered_at"]
    assert product["registration_error"] is None
    assert fetch(client, product["id"]) == product
    assert known(sandbox) == [{name: product[name] for name in ("id", "name", "description")}]
    assert due_in(catalogue, product) <= NOW, "its offers are asked for at once"
    assert sandbox.requests("offers") == 0


def test_what_is_refused_is_not_registered(client: FlaskClient, sandbox: SandboxControl) -> None:
    product = create(client)
    assert client.post(PRODUCTS, json={"id": product["id"], "name": "Pot"}).status_code == 409
    assert client.post(PRODUCTS, json={"name": ""}).status_code == 422
    assert sandbox.requests("register") == 1
    assert [found["name"] for found in known(sandbox)] == ["Kettle"]


def test_a_product_that_the_service_knows_already_counts_as_registered(
    client: FlaskClient, sandbox: SandboxControl
) -> None:
    product = create(client)
    client.delete(f"{PRODUCTS}/{product['id']}")
    again = create(client, id=product["id"])
    assert again["registered_at"]
    assert again["registration_error"] is None
    state = sandbox.state()["requests"]
    assert (state["register"], state["by_status"].get("409")) == (2, 1)


@CURRENT_ONLY
@HURRIED
@pytest.mark.parametrize(
    "faults",
    [
        pytest.param({"status": 503, "paths": ["auth"]}, id="503-on-sign-up"),
        pytest.param({"status": 500, "paths": ["register"]}, id="500"),
        pytest.param({"drop": True, "paths": ["register"]}, id="connection-closed"),
        pytest.param({"status": 429, "paths": ["register"]}, id="429"),
        pytest.param({"redirect": "/elsewhere", "paths": ["register"]}, id="redirect"),
        pytest.param({"latency_ms": 2000, "paths": ["auth"]}, id="slow-sign-up"),
        pytest.param({"latency_ms": 2000, "paths": ["register"]}, id="slow"),
        pytest.param({"drip": 0.1, "paths": ["register"]}, id="a-byte-now-and-then"),
        pytest.param({"endless": True, "paths": ["register"]}, id="endless-answer"),
    ],
)
def test_a_service_in_trouble_delays_only_the_registration(
    client: FlaskClient,
    sandbox: SandboxControl,
    catalogue: Catalogue,
    poll: Poll,
    faults: dict[str, Any],
) -> None:
    sandbox.faults(**faults)
    started = time.monotonic()
    product = create(client)
    assert time.monotonic() - started < TIMEOUT_S + A_LITTLE_S
    assert product["registered_at"] is None
    assert product["registration_error"] is None
    assert due_in(catalogue, product) <= SOME_SECONDS, "no token is asked for sooner"

    sandbox.faults()
    poll_until_registered(client, product, poll)
    assert [found["id"] for found in known(sandbox)] == [product["id"]]


def poll_until_registered(client: FlaskClient, product: dict[str, Any], poll: Poll) -> None:
    def registered() -> Any:
        poll()
        return fetch(client, product["id"])["registered_at"]

    wait_until(registered)


@CURRENT_ONLY
@pytest.mark.parametrize("base_url", [NOWHERE, None], ids=["out-of-reach", "not-set"])
def test_without_a_service_products_are_created_all_the_same(
    make_app: MakeApp, catalogue: Catalogue, base_url: str | None
) -> None:
    client = make_app(offers_base_url=base_url, register_timeout_s=TIMEOUT_S).test_client()
    for _ in range(3):
        started = time.monotonic()
        product = create(client)
        assert time.monotonic() - started < TIMEOUT_S + A_LITTLE_S
        assert (product["registered_at"], product["registration_error"]) == (None, None)
        assert due_in(catalogue, product) <= SOME_SECONDS


def test_who_is_asked_to_wait_waits(
    client: FlaskClient, sandbox: SandboxControl, catalogue: Catalogue
) -> None:
    sandbox.faults(status=503, retry_after=90, paths=["register"])
    product = create(client)
    assert product["registered_at"] is None
    assert timedelta(seconds=80) < due_in(catalogue, product) <= timedelta(seconds=90)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_refused_registration_is_told_and_tried_again_after_a_change(
    client: FlaskClient, sandbox: SandboxControl, catalogue: Catalogue, poll: Poll, method: str
) -> None:
    sandbox.faults(status=422, paths=["register"])
    product = create(client)
    assert product["registered_at"] is None
    assert "422" in product["registration_error"]
    assert sandbox.base_url not in product["registration_error"]
    assert fetch(client, product["id"]) == product
    assert due_in(catalogue, product) > timedelta(hours=4)
    poll()
    assert sandbox.requests("register") == 1

    sandbox.faults()
    changes = {"name": "Pot", "description": "Of iron"}
    response = client.open(f"{PRODUCTS}/{product['id']}", method=method, json=changes)
    assert json_of(response)["version"] == 2
    assert due_in(catalogue, product) <= NOW
    poll()
    after = fetch(client, product["id"])
    assert after["registered_at"]
    assert after["registration_error"] is None
    assert known(sandbox) == [changes | {"id": product["id"]}]


def test_one_token_serves_many_posts(client: FlaskClient, sandbox: SandboxControl) -> None:
    created = [create(client)["id"] for _ in range(5)]
    assert sandbox.registered() == set(created)
    assert sandbox.requests("auth") == 1


def test_posts_at_once_to_two_processes_share_one_token(
    make_app: MakeApp, settings: dict[str, Any], sandbox: SandboxControl
) -> None:
    apps = [make_app(register_timeout_s=5.0, **settings) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(lambda n: create(apps[n % 2].test_client()), range(16)))
    assert all(product["registered_at"] for product in created)
    assert sandbox.registered() == {product["id"] for product in created}
    state = sandbox.state()
    assert (state["requests"]["auth"], state["requests"]["register"]) == (1, 16)


def test_posts_at_once_throw_no_connection_away(
    app: Flask, sandbox: SandboxControl, caplog: pytest.LogCaptureFixture
) -> None:
    create(app.test_client())
    sandbox.faults(latency_ms=500, paths=["register"])
    at_once([lambda: create(app.test_client())] * 12)
    assert [record for record in caplog.records if record.name.startswith("urllib3")] == []


def test_a_token_that_was_revoked_is_renewed_on_the_way(
    client: FlaskClient, sandbox: SandboxControl
) -> None:
    create(client)
    sandbox.revoke()
    assert create(client)["registered_at"]
    assert sandbox.requests("auth") == 2


@pytest.mark.parametrize("register_timeout_s", [4.0], ids=["patient"])
def test_nobody_waits_for_a_registration_that_is_not_theirs(
    client: FlaskClient, sandbox: SandboxControl, make_app: MakeApp, app: Flask
) -> None:
    other = make_app(offers_base_url=None).test_client()
    create(client)
    sandbox.faults(latency_ms=5000, paths=["register"])
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(create, app.test_client())
        wait_until(lambda: len(fetch(other, PRODUCTS)["items"]) == 2)
        product = create(other)
        assert other.delete(f"{PRODUCTS}/{product['id']}").status_code == 204
        assert not slow.done(), "nothing in the database is locked meanwhile"
        assert slow.result()["registered_at"] is None


@HURRIED
def test_a_slow_sign_up_leaves_the_registration_what_is_left_of_the_time(
    client: FlaskClient, sandbox: SandboxControl
) -> None:
    sandbox.faults(latency_ms=int(TIMEOUT_S * 700))
    started = time.monotonic()
    assert create(client)["registered_at"] is None
    assert time.monotonic() - started < TIMEOUT_S + A_LITTLE_S


def test_while_no_token_can_be_had_only_the_first_of_many_posts_asks(
    client: FlaskClient, sandbox: SandboxControl
) -> None:
    sandbox.faults(status=503)
    for _ in range(5):
        assert create(client)["registered_at"] is None
    assert sandbox.requests("auth") == 1


def test_a_product_whose_registration_cannot_be_recorded_stands_all_the_same(
    client: FlaskClient, sandbox: SandboxControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    monkeypatch.setattr(Recorder, "record_registration", fail)
    product = create(client)
    assert product["registered_at"] is None
    assert [found["id"] for found in known(sandbox)] == [product["id"]]

"""A request with an Idempotency-Key is carried out once, however often it is sent."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from tempfile import TemporaryFile
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from aggregator.errors import IdempotencyKeyReused
from aggregator.services.idempotency import KeyLease
from aggregator.views.idempotency import answer_once
from tests.at_once import at_once
from tests.conftest import MakeApp
from tests.factories import make_token
from tests.integration.api import PRODUCTS, create, faults_of, fetch, json_of
from tests.integration.keyed import KETTLE, KEY, let_pass, names, post, stored_keys
from tests.sandbox_control import SandboxControl

#: What is of this answer, and not of what is answered.
OWN = {"X-Request-ID", "Idempotency-Replayed"}
DAY = timedelta(hours=24)
A_LITTLE = timedelta(minutes=2)


@pytest.fixture
def app(make_app: MakeApp, sandbox: SandboxControl) -> Flask:
    """Return an application that calls the sandbox."""
    return make_app(offers_base_url=sandbox.base_url, register_timeout_s=5.0)


def told(response: TestResponse) -> tuple[int, dict[str, str], bytes]:
    """Return all of an answer that a repetition must give again."""
    headers = {name: value for name, value in response.headers if name not in OWN}
    return response.status_code, headers, response.data


def slug_of(response: TestResponse) -> str:
    assert response.mimetype == "application/problem+json"
    return str(response.get_json()["type"]).removeprefix("/problems/")


def test_a_request_sent_again_is_answered_again_and_does_nothing(
    client: FlaskClient, engine: Engine, sandbox: SandboxControl
) -> None:
    first = post(client)
    assert first.status_code == 201
    assert "Idempotency-Replayed" not in first.headers
    assert json_of(first)["registered_at"]
    for _ in range(3):
        again = post(client)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert told(again) == told(first)
        assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert {"Location", "ETag", "Content-Type"} <= set(dict(first.headers))
    assert names(engine) == ["Kettle"]
    assert sandbox.requests("register") == 1
    tag = client.get(first.headers["Location"]).headers["ETag"]
    assert tag == first.headers["ETag"]


def test_the_answer_stays_what_it_was_whatever_becomes_of_the_product(
    client: FlaskClient, engine: Engine
) -> None:
    first = post(client)
    client.patch(first.headers["Location"], json={"name": "Pot"})
    assert told(post(client)) == told(first)
    client.delete(first.headers["Location"])
    assert told(post(client)) == told(first)
    assert names(engine) == []


def test_other_keys_are_other_requests(client: FlaskClient, engine: Engine) -> None:
    ids = {json_of(post(client, key))["id"] for key in ("a", "A", "a b", "~", "a" * 255)}
    assert len(ids) == 5
    assert len(stored_keys(engine)) == 5


def test_without_a_key_nothing_is_kept_and_nothing_is_asked(
    client: FlaskClient, engine: Engine
) -> None:
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert create(client)["id"] != create(client)["id"]
    assert not any("idempotency_keys" in statement for statement in statements)


def test_twenty_at_once_make_one_product_and_one_registration(
    app: Flask, engine: Engine, sandbox: SandboxControl
) -> None:
    sandbox.faults(latency_ms=1000, paths=["register"])
    answers = at_once([partial(post, app.test_client()) for _ in range(20)])
    assert names(engine) == ["Kettle"]
    assert sandbox.requests("register") == 1
    created = [one for one in answers if one.status_code == 201]
    refused = [one for one in answers if one.status_code == 409]
    assert len(created) + len(refused) == 20
    assert refused, "while the registration is under way"
    assert len({one.data for one in created}) == 1
    assert {slug_of(one) for one in refused} == {"idempotency-key-in-use"}
    assert all(int(one.headers["Retry-After"]) > 0 for one in refused)
    assert told(post(app.test_client())) == told(created[0])


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"json": {"name": "Pot"}}, id="body"),
        pytest.param({"data": json.dumps(KETTLE) + " "}, id="spelling"),
        pytest.param({"content_type": "application/merge-patch+json"}, id="content-type"),
    ],
)
def test_a_key_of_another_request_is_422(
    client: FlaskClient, engine: Engine, other: dict[str, Any]
) -> None:
    body = {"data": json.dumps(KETTLE), "content_type": "application/json"}
    headers = {"Idempotency-Key": KEY}
    assert client.post(PRODUCTS, headers=headers, **body).status_code == 201
    if "json" in other:
        body = {}
    response = client.post(PRODUCTS, headers=headers, **(body | other))
    assert response.status_code == 422
    assert slug_of(response) == "idempotency-key-reused"
    assert names(engine) == ["Kettle"]
    again = client.post(
        PRODUCTS, headers=headers, data=json.dumps(KETTLE), content_type="application/json"
    )
    assert again.headers["Idempotency-Replayed"] == "true"


def test_two_clients_may_use_the_same_key(make_app: MakeApp, engine: Engine) -> None:
    client = make_app(api_auth="write").test_client()
    for owner, name in (("shop", "Kettle"), ("depot", "Pot")):
        token = make_token(engine, name=owner, scope="write")
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        assert [post(client, name=name).status_code for _ in range(2)] == [201, 201]
    assert names(engine) == ["Kettle", "Pot"]


def test_a_key_is_remembered_for_a_day(client: FlaskClient, engine: Engine) -> None:
    first = post(client)
    let_pass(engine, DAY - A_LITTLE)
    assert told(post(client)) == told(first)
    let_pass(engine, A_LITTLE)
    second = post(client, name="Pot")
    assert second.status_code == 201
    assert "Idempotency-Replayed" not in second.headers
    assert names(engine) == ["Kettle", "Pot"]
    let_pass(engine, DAY - A_LITTLE)
    assert told(post(client, name="Pot")) == told(second)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param({"name": ""}, 422, id="invalid"),
        pytest.param({"id": str(UUID(int=1))}, 409, id="exists"),
    ],
)
def test_the_key_of_a_refused_request_is_free(
    client: FlaskClient, engine: Engine, content: dict[str, str], status: int
) -> None:
    create(client, id=str(UUID(int=1)))
    assert post(client, **content).status_code == status
    assert stored_keys(engine) == []
    assert post(client, name="Corrected").status_code == 201


@pytest.mark.parametrize(
    "key", ["", " ", "a" * 256, "a\tb", "\x7f", "\x01", "é", "ключ", "🗝"], ids=ascii
)
def test_a_key_that_is_not_printable_ascii_is_a_fault(
    client: FlaskClient, engine: Engine, key: str
) -> None:
    as_sent = {"HTTP_IDEMPOTENCY_KEY": key.encode().decode("latin-1")}
    response = client.post(PRODUCTS, json=KETTLE, environ_overrides=as_sent)
    assert faults_of(response, "header") == {("Idempotency-Key", "format")}
    assert names(engine) == []


def test_white_space_around_a_key_is_not_of_the_key(client: FlaskClient) -> None:
    as_sent = {"HTTP_IDEMPOTENCY_KEY": f" {KEY}\t"}
    response = client.post(PRODUCTS, json=KETTLE, environ_overrides=as_sent)
    assert told(post(client)) == told(response)


def test_a_product_deleted_while_it_is_registered_is_not_called_created(
    app: Flask, client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete_first(*args: Any) -> None:
        client.delete(f"{PRODUCTS}/{UUID(int=1)}")

    monkeypatch.setattr("aggregator.views.products.register_now", delete_first)
    for key in ({}, {"Idempotency-Key": KEY}):
        content = KETTLE | {"id": str(UUID(int=1))}
        response = app.test_client().post(PRODUCTS, json=content, headers=key)
        assert (response.status_code, slug_of(response)) == (404, "product-not-found")
    assert names(engine) == []


def test_what_is_replayed_is_what_was_registered(
    client: FlaskClient, sandbox: SandboxControl
) -> None:
    sandbox.faults(status=503, paths=["register"])
    first = post(client)
    assert json_of(first)["registered_at"] is None
    sandbox.faults()
    assert told(post(client)) == told(first)
    assert fetch(client, first.headers["Location"])["registered_at"] is None


def test_a_body_that_is_a_file_is_told_from_another_by_its_last_byte(app: Flask) -> None:
    done = []

    def act(lease: KeyLease | None) -> Response:
        done.append(lease)
        return Response(b"done", 200)

    def send(content: bytes) -> Response:
        with app.test_request_context("/file", method="POST"), TemporaryFile() as body:
            body.write(content)
            return answer_once(KEY, body, act)

    large = b"x" * 200_000
    first, again = send(large), send(large)
    assert (again.data, again.headers["Idempotency-Replayed"]) == (first.data, "true")
    with pytest.raises(IdempotencyKeyReused):
        send(large[:-1] + b"y")
    assert len(done) == 1

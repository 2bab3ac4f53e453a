"""An import with an Idempotency-Key is carried out once, however often it is sent."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.at_once import at_once
from tests.integration.api import PRODUCTS, json_of
from tests.integration.keyed import KEY, names, stored_keys

FILES = {
    "application/json": b'[{"name": "Kettle"}, {"name": "Pot"}]',
    "application/x-ndjson": b'{"name": "Kettle"}\n{"name": "Pot"}\n',
    "text/csv": b"name\r\nKettle\r\nPot\r\n",
}


def send(
    client: FlaskClient, file: bytes, media_type: str = "text/csv", query: str = ""
) -> TestResponse:
    """Import a file under a key."""
    headers = {"Idempotency-Key": KEY, "Content-Type": media_type}
    return client.post(f"{PRODUCTS}/import{query}", data=file, headers=headers)


@pytest.mark.parametrize("media_type", FILES)
def test_a_file_sent_again_is_answered_again(
    client: FlaskClient, engine: Engine, media_type: str
) -> None:
    first, again = (send(client, FILES[media_type], media_type) for _ in range(2))
    assert json_of(first)["created"] == 2
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert names(engine) == ["Kettle", "Pot"]


def test_a_file_that_failed_leaves_its_key_to_the_corrected_one(
    client: FlaskClient, engine: Engine
) -> None:
    failed = send(client, b"name\r\nKettle\r\n" + b"x" * 256 + b"\r\n")
    assert (failed.status_code, stored_keys(engine)) == (422, [])
    assert json_of(send(client, FILES["text/csv"]))["created"] == 2
    assert names(engine) == ["Kettle", "Pot"]


@pytest.mark.parametrize(
    ("file", "query"), [(b"name\r\nKettle\r\nPan\r\n", ""), (FILES["text/csv"], "?dry_run=true")]
)
def test_a_key_belongs_to_one_file_and_one_way_to_import_it(
    client: FlaskClient, engine: Engine, file: bytes, query: str
) -> None:
    send(client, FILES["text/csv"])
    other = send(client, file, query=query)
    assert (other.status_code, other.get_json()["type"]) == (
        422,
        "/problems/idempotency-key-reused",
    )
    assert names(engine) == ["Kettle", "Pot"]


def test_of_simultaneous_imports_one_is_carried_out(app: Flask, engine: Engine) -> None:
    file = b"name\r\n" + b"".join(b"Pot %d\r\n" % n for n in range(500))
    answers = at_once([partial(send, app.test_client(), file) for _ in range(8)])
    done = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {answer.data for answer in done} == {done[0].data}
    assert json_of(done[0])["created"] == 500
    assert sum("Idempotency-Replayed" not in answer.headers for answer in done) == 1
    assert len(names(engine)) == 500

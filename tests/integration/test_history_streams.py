"""A product's changes as CSV and NDJSON: all of them, however many there are."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import StringIO
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from aggregator.services import changes
from tests.factories import make_product, seal_history
from tests.integration.api import PRODUCTS, faults_of, fetch
from tests.integration.past import A, B, Polls, store, written

POLLS: Polls = {
    10: {A: (5, 1), B: (2**63 - 1, 0)},
    30: {A: (6, 1)},
    70: {A: (6, 0), B: (7, 2)},
    130: {},
}
N_EVENTS = 8
JSON, CSV, NDJSON = "application/json", "text/csv", "application/x-ndjson"
PERIOD = {"from": written(0), "to": written(200)}


@pytest.fixture
def product_id(engine: Engine) -> UUID:
    """Return a product with changes, of which some are sealed."""
    product_id = store(engine, POLLS)
    assert seal_history(engine) == 2
    return product_id


def ask(
    client: FlaskClient, product_id: UUID, accept: str = "*/*", **query: object
) -> TestResponse:
    path = f"{PRODUCTS}/{product_id}/history?{urlencode(PERIOD | query)}"
    return client.get(path, headers={"Accept": accept})


def read(response: TestResponse) -> list[dict[str, Any]]:
    """Return the events of a stream, numbers as numbers."""
    assert response.status_code == 200, response.text
    if response.mimetype == NDJSON:
        return [json.loads(line) for line in response.text.splitlines()]
    names = ("price", "items_in_stock")
    return [
        event | {name: int(event[name]) if event[name] else None for name in names}
        for event in csv.DictReader(StringIO(response.text))
    ]


def test_format_is_chosen_by_parameter_or_header(client: FlaskClient, product_id: UUID) -> None:
    for accept, query, media_type in [
        (CSV, {}, CSV),
        (NDJSON, {}, NDJSON),
        ("*/*", {"format": "csv"}, CSV),
        ("*/*", {"format": "ndjson"}, NDJSON),
        (CSV, {"format": "ndjson"}, NDJSON),
        (CSV, {"format": "json"}, JSON),
        ("*/*", {}, JSON),
        ("text/html,*/*;q=0.8", {}, JSON),
        ("image/png", {}, JSON),
        (f"{JSON};q=0.5, {CSV}", {}, CSV),
        ("text/*", {}, CSV),
    ]:
        assert ask(client, product_id, accept, **query).mimetype == media_type


@pytest.mark.parametrize("query", [{}, {"sort": "-at"}, {"offer_id": B}], ids=str)
def test_stream_holds_what_the_pages_hold(
    client: FlaskClient,
    product_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
    query: dict[str, Any],
) -> None:
    items = ask(client, product_id, **query).get_json()["items"]
    assert items
    for at_a_time in (1, 2, 1000):
        monkeypatch.setattr(changes, "_PAGE", at_a_time)
        for media_type in (CSV, NDJSON):
            assert read(ask(client, product_id, media_type, **query)) == items


def test_csv_is_that_of_rfc_4180(client: FlaskClient, product_id: UUID) -> None:
    lines = ask(client, product_id, CSV).text.split("\r\n")
    assert lines[0] == "at,offer_id,price,items_in_stock,event"
    assert lines[2] == f"{written(10)},{B},{2**63 - 1},0,listed"
    assert lines[4] == f"{written(30)},{B},,,ended"
    assert lines[-1] == ""
    assert len(lines) == 1 + N_EVENTS + 1


def test_ndjson_is_one_object_a_line(client: FlaskClient, product_id: UUID) -> None:
    text = ask(client, product_id, NDJSON).text
    assert text.endswith("\n")
    lines = text.splitlines()
    assert len(lines) == N_EVENTS
    assert json.loads(lines[3]) == {
        "at": written(30),
        "offer_id": str(B),
        "price": None,
        "items_in_stock": None,
        "event": "ended",
    }


@pytest.mark.parametrize(
    ("format_", "body"),
    [("csv", b"at,offer_id,price,items_in_stock,event\r\n"), ("ndjson", b"")],
)
def test_stream_of_nothing_is_empty(
    engine: Engine, client: FlaskClient, format_: str, body: bytes
) -> None:
    response = ask(client, make_product(engine), format=format_)
    assert (response.status_code, response.data) == (200, body)


@pytest.mark.parametrize("format_", ["csv", "ndjson"])
def test_stream_is_offered_as_a_file(client: FlaskClient, product_id: UUID, format_: str) -> None:
    headers = ask(client, product_id, format=format_).headers
    assert headers["Content-Type"] == f"{CSV if format_ == 'csv' else NDJSON}; charset=utf-8"
    expected = f'attachment; filename="history-{product_id}.{format_}"'
    assert headers["Content-Disposition"] == expected
    assert "Content-Length" not in headers


def test_head_of_a_stream_has_its_headers_and_no_body(
    client: FlaskClient, product_id: UUID
) -> None:
    path = f"{PRODUCTS}/{product_id}/history?format=csv&{urlencode(PERIOD)}"
    same = {"X-Request-ID": "same"}
    got, head = client.get(path, headers=same), client.head(path, headers=same)
    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) == dict(got.headers)


@pytest.mark.parametrize("format_", ["csv", "ndjson"])
def test_stream_of_no_product_is_404_before_its_first_byte(
    client: FlaskClient, format_: str
) -> None:
    response = ask(client, uuid4(), format=format_)
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert "Content-Disposition" not in response.headers


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        pytest.param({"limit": 5}, {("limit", "conflict")}, id="limit"),
        pytest.param(
            {"cursor": "x", "include": "total"},
            {("cursor", "conflict"), ("include", "conflict")},
            id="cursor-and-total",
        ),
        pytest.param({"limit": 0}, {("limit", "range")}, id="bad-limit"),
    ],
)
def test_stream_has_no_pages(
    client: FlaskClient, product_id: UUID, query: dict[str, object], faults: set[tuple[str, str]]
) -> None:
    for choice in ({"format": "csv"}, {"accept": NDJSON}):
        response = ask(client, product_id, **choice, **query)  # type: ignore[arg-type]
        assert faults_of(response, "parameter") == faults


def test_hours_sealed_while_a_stream_is_read_are_in_it_once(
    engine: Engine, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_PAGE", 1)
    product_id = store(engine, POLLS)
    items = ask(client, product_id).get_json()["items"]
    query = urlencode(PERIOD | {"format": "ndjson"})
    response = client.get(f"{PRODUCTS}/{product_id}/history?{query}", buffered=False)
    chunks = cast(Iterator[bytes], iter(response.response))
    lines = [next(chunks), next(chunks)]
    assert seal_history(engine) == 2
    lines += chunks
    assert [json.loads(line) for line in lines] == items


def test_stream_leaves_no_connection_taken(
    engine: Engine, client: FlaskClient, product_id: UUID
) -> None:
    for _ in range(30):
        query = urlencode(PERIOD | {"format": "csv"})
        response = client.get(f"{PRODUCTS}/{product_id}/history?{query}", buffered=False)
        next(iter(response.response))
        response.close()
    assert fetch(client, f"{product_id}/history")["items"] == []

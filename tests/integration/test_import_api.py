"""Imports: what is created, what exists, what fails, and what is told of it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from aggregator.clock import utc_now
from aggregator.db import reading
from aggregator.models import ProductSync
from poller.poll_job import PollJob
from tests.at_once import at_once
from tests.factories import make_product
from tests.integration.api import PRODUCTS, create, faults_of, fetch
from tests.integration.bulk import (
    CSV,
    IMPORT,
    JSON,
    NDJSON,
    codes,
    contents,
    counts,
    exported,
    failure_of,
    ndjson,
    report_of,
    send,
)

A, B = str(UUID(int=1)), str(UUID(int=2))
POT, PAN = {"name": "Pot", "description": "1.7 l"}, {"name": "Pan"}
FILES = [
    pytest.param(json.dumps([POT, PAN]).encode(), JSON, id="json"),
    pytest.param(ndjson([POT, PAN]), NDJSON, id="ndjson"),
    pytest.param(b"name,description\r\nPot,1.7 l\r\nPan,\r\n", CSV, id="csv"),
    pytest.param(b"\xef\xbb\xbfdescription,name,id\n1.7 l,Pot,\n,Pan,\n", CSV, id="csv-with-id"),
]
BAD: list[Any] = [{"name": " "}, {"name": "Cup", "colour": 1}, 5, {"id": "x", "name": 1}]
BAD_CODES = {
    2: {("/name", "too_short")},
    3: {("/colour", "unknown")},
    4: {("", "type")},
    5: {("/id", "format"), ("/name", "type")},
}


@pytest.mark.parametrize(("body", "content_type"), FILES)
def test_a_file_creates_products_once(client: FlaskClient, body: bytes, content_type: str) -> None:
    first = report_of(send(client, body, content_type))
    assert first == {"created": 2, "existing": 0, "failed": 0, "dry_run": False, "rows": []}
    products = exported(client)
    assert contents(client) == [("Pan", ""), ("Pot", "1.7 l")]
    assert counts(report_of(send(client, body, content_type))) == (0, 2, 0)
    assert exported(client) == products


def test_a_file_is_the_same_in_every_form(client: FlaskClient) -> None:
    for body, content_type in (param.values for param in FILES):
        report_of(send(client, body, content_type))  # type: ignore[arg-type]
    assert len(exported(client)) == 2


def test_imported_products_are_like_others(client: FlaskClient) -> None:
    send(client, ndjson([{"id": A, **POT}]))
    imported, created = fetch(client, A), create(client, **POT)
    times = ("id", "created_at", "updated_at", "registered_at")
    for name in times:
        del imported[name], created[name]
    assert imported == created


def test_the_poller_registers_what_was_imported(
    client: FlaskClient, engine: Engine, poller: PollJob
) -> None:
    report_of(send(client, ndjson([POT, PAN])))
    with reading(engine) as session:
        assert all(due_at <= utc_now() for due_at in session.scalars(select(ProductSync.due_at)))
    poller.run_all()
    assert all(product["registered_at"] for product in exported(client))


def test_rows_that_are_alike_are_products_of_their_own(client: FlaskClient) -> None:
    body = ndjson([PAN, POT, PAN, {"name": " Pan ", "description": ""}])
    assert counts(report_of(send(client, body))) == (4, 0, 0)
    assert counts(report_of(send(client, body))) == (0, 4, 0)
    assert counts(report_of(send(client, body + ndjson([PAN])))) == (1, 4, 0)
    assert contents(client) == [("Pan", "")] * 4 + [("Pot", "1.7 l")]


def test_a_product_that_was_edited_is_not_created_again(client: FlaskClient) -> None:
    report_of(send(client, ndjson([POT])))
    [product] = exported(client)
    edited = {"name": "Kettle", "description": ""}
    assert client.put(f"{PRODUCTS}/{product['id']}", json=edited).status_code == 200
    assert counts(report_of(send(client, ndjson([POT])))) == (0, 1, 0)
    assert contents(client) == [("Kettle", "")]


def test_an_id_that_is_taken_by_other_content_fails(client: FlaskClient) -> None:
    create(client, id=A, **POT)
    rows = [{"id": A, **POT}, {"id": A.upper(), "name": "Pan"}, {"id": B, **PAN}]
    report = report_of(send(client, ndjson(rows), on_error="skip"))
    assert (counts(report), codes(report)) == ((1, 1, 1), {2: {("/id", "exists")}})
    assert report["rows"][0]["id"] == A
    assert contents(client) == [("Pan", ""), ("Pot", "1.7 l")]
    assert counts(failure_of(send(client, ndjson(rows)))) == (0, 2, 1)


def test_an_id_twice_in_a_file_is_one_product(client: FlaskClient) -> None:
    rows = [{"id": A, **POT}, {"id": A, **POT}, {"id": A, **PAN}]
    for expected in [(1, 1, 1), (0, 2, 1)]:
        report = report_of(send(client, ndjson(rows), on_error="skip"))
        assert (counts(report), codes(report)) == (expected, {3: {("/id", "exists")}})
    assert contents(client) == [("Pot", "1.7 l")]


def test_a_row_without_an_id_knows_its_product_under_its_id(client: FlaskClient) -> None:
    report_of(send(client, ndjson([PAN])))
    [pan] = exported(client)
    rows = ndjson([{"id": pan["id"], **PAN}, PAN])
    assert counts(report_of(send(client, rows))) == (0, 2, 0)


@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_one_bad_row_spoils_the_import_and_all_are_told(client: FlaskClient, dry_run: str) -> None:
    report = failure_of(send(client, ndjson([PAN, *BAD, POT]), dry_run=dry_run))
    assert (counts(report), codes(report)) == ((0, 0, 4), BAD_CODES)
    assert report["dry_run"] is (dry_run == "true")
    assert exported(client) == []


def test_bad_rows_can_be_skipped(client: FlaskClient) -> None:
    body = ndjson([PAN, *BAD, POT])
    report = report_of(send(client, body, on_error="skip"))
    assert (counts(report), codes(report)) == ((2, 0, 4), BAD_CODES)
    assert contents(client) == [("Pan", ""), ("Pot", "1.7 l")]
    again = report_of(send(client, body, on_error="skip"))
    assert (counts(again), codes(again)) == ((0, 2, 4), BAD_CODES)


@pytest.mark.parametrize("on_error", ["abort", "skip"])
@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([PAN, POT, PAN], id="good"),
        pytest.param([PAN, *BAD, POT], id="bad"),
        pytest.param([{"id": A, **POT}, {"id": A, **PAN}, PAN], id="taken"),
        pytest.param([{"id": B, **POT}, {"id": B, **PAN}, {"id": B, **POT}], id="twice"),
    ],
)
def test_a_dry_run_answers_like_the_real_thing(
    client: FlaskClient, engine: Engine, rows: list[Any], on_error: str
) -> None:
    make_product(engine, product_id=UUID(A), name="Pan")
    before = exported(client)
    dry = send(client, ndjson(rows), on_error=on_error, dry_run="true")
    assert exported(client) == before
    real = send(client, ndjson(rows), on_error=on_error)
    answers = [response.get_json() | {"request_id": ""} for response in (dry, real)]
    assert (dry.status_code, answers[0].pop("dry_run")) == (real.status_code, True)
    assert not answers[1].pop("dry_run")
    assert answers[0] == answers[1]


def test_what_an_export_holds_beside_the_content_is_left_aside(client: FlaskClient) -> None:
    row = create(client) | {"version": 7, "offers_count": "many", "stale": None}
    assert counts(report_of(send(client, ndjson([row])))) == (0, 1, 0)
    assert fetch(client, row["id"])["version"] == 1


def test_failed_rows_are_listed_up_to_a_thousand(client: FlaskClient) -> None:
    report = report_of(send(client, ndjson([*[{}] * 1_200, PAN]), on_error="skip"))
    assert counts(report) == (1, 0, 1_200)
    assert [row["row"] for row in report["rows"]] == list(range(1, 1_001))


def test_faults_of_a_row_are_told_up_to_fifty(client: FlaskClient) -> None:
    [row] = failure_of(send(client, ndjson([{f"x{i}": i for i in range(1_000)}])))["rows"]
    assert len(row["errors"]) == 50


@pytest.mark.parametrize("size", [0, 10_000])
def test_a_file_of_any_size_is_taken(client: FlaskClient, size: int) -> None:
    body = ndjson({"name": f"Product {i}"} for i in range(size))
    assert counts(report_of(send(client, body))) == (size, 0, 0)
    assert counts(report_of(send(client, body))) == (0, size, 0)


def test_over_ten_thousand_rows_are_refused(client: FlaskClient) -> None:
    response = send(client, b"{}\n" * 10_001)
    assert faults_of(response, "pointer") == {("", "too_many")}
    assert "10,000" in response.get_json()["detail"]


def test_the_same_file_at_the_same_time_creates_each_product_once(app: Flask) -> None:
    rows = [{"name": f"Product {i}"} for i in range(1_500)]
    bodies = [ndjson(rows), ndjson(reversed(rows))] * 3
    answers = at_once([partial(send, app.test_client(), body) for body in bodies])
    reports = [report_of(answer) for answer in answers]
    assert sum(report["created"] for report in reports) == len(rows)
    assert all(report["created"] + report["existing"] == len(rows) for report in reports)
    assert len(exported(app.test_client())) == len(rows)


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ({"dry_run": "1"}, {("dry_run", "choice")}),
        ({"on_error": "ignore"}, {("on_error", "choice")}),
        ({"dryrun": "true", "limit": "1"}, {("dryrun", "unknown"), ("limit", "unknown")}),
    ],
)
def test_bad_parameters_are_told(
    client: FlaskClient, query: dict[str, str], faults: set[tuple[str, str]]
) -> None:
    assert faults_of(send(client, ndjson([PAN]), **query), "parameter") == faults
    assert exported(client) == []


def test_import_is_posted(client: FlaskClient) -> None:
    response = client.get(IMPORT)
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]

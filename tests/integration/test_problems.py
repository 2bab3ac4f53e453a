"""Every error is a problem document that helps, and leaks nothing."""

from __future__ import annotations

import io
import json
import re
import sys
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, ProgrammingError
from werkzeug.test import TestResponse

from aggregator import create_app
from aggregator.services import offer_documents, product_documents, products
from aggregator.settings import Settings
from tests.crash import crash
from tests.factories import make_product
from tests.integration.api import PRODUCTS

PRODUCT = UUID(int=1)
UNKNOWN = UUID(int=2)
SECRET = "hunter2"
NEW = {"name": "Kettle", "id": str(PRODUCT)}
MEMBERS = ("type", "title", "status", "detail", "instance", "request_id")


def problem_of(response: TestResponse) -> dict[str, Any]:
    """Return an answer's problem document after checking its form."""
    assert response.mimetype == "application/problem+json"
    body: dict[str, Any] = json.loads(response.data)
    assert tuple(body)[: len(MEMBERS)] == MEMBERS
    assert set(body) - set(MEMBERS) <= {"errors"}
    assert body["status"] == response.status_code
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert re.fullmatch(r"/problems/[a-z][a-z-]*[a-z]", body["type"])
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("method", "path", "request_", "status", "slug"),
    [
        pytest.param(
            "POST",
            PRODUCTS,
            {"data": "{", "content_type": "application/json"},
            400,
            "unreadable-request",
            id="400",
        ),
        pytest.param("GET", f"{PRODUCTS}/%00", {}, 400, "unreadable-request", id="400-path"),
        pytest.param("GET", f"{PRODUCTS}/{UNKNOWN}", {}, 404, "product-not-found", id="404"),
        pytest.param(
            "GET", f"{PRODUCTS}/{PRODUCT}/offers/{UNKNOWN}", {}, 404, "offer-not-found", id="offer"
        ),
        pytest.param("GET", "/api/v1/nothing", {}, 404, "not-found", id="404-route"),
        pytest.param("GET", "/api/v1", {}, 404, "not-found", id="404-base"),
        pytest.param("GET", "/favicon.ico", {}, 404, "not-found", id="404-outside-the-api"),
        pytest.param("GET", "//api/v1/products//", {}, 404, "not-found", id="404-slashes"),
        pytest.param("DELETE", PRODUCTS, {}, 405, "method-not-allowed", id="405"),
        pytest.param("BREW", PRODUCTS, {}, 405, "method-not-allowed", id="405-unknown-method"),
        pytest.param("POST", PRODUCTS, {"json": NEW}, 409, "product-exists", id="409"),
        pytest.param(
            "DELETE",
            f"{PRODUCTS}/{PRODUCT}",
            {"headers": {"If-Match": '"2"'}},
            412,
            "product-changed",
            id="412",
        ),
        pytest.param(
            "POST", PRODUCTS, {"json": {"name": "x" * 2**20}}, 413, "body-too-large", id="413"
        ),
        pytest.param("POST", PRODUCTS, {"data": b""}, 415, "unsupported-media-type", id="415"),
        pytest.param("POST", PRODUCTS, {"json": {}}, 422, "invalid-input", id="422"),
        pytest.param("GET", f"{PRODUCTS}?limit=0", {}, 422, "invalid-input", id="422-query"),
    ],
)
def test_every_error_is_a_problem(
    engine: Engine,
    client: FlaskClient,
    method: str,
    path: str,
    request_: dict[str, Any],
    status: int,
    slug: str,
) -> None:
    make_product(engine, product_id=PRODUCT)
    response = client.open(path, method=method, follow_redirects=True, **request_)
    problem = problem_of(response)
    assert (problem["status"], problem["type"]) == (status, f"/problems/{slug}")
    assert ("errors" in problem) is (status == 422)


@pytest.mark.parametrize(
    ("path", "instance"),
    [
        pytest.param("/nothing?a=1#b", "/nothing", id="without-the-query"),
        pytest.param("/%C5%BElu%C5%A5", "/žluť", id="letters"),
        pytest.param("/a%22%3C%3E%5C", '/a"<>\\', id="quotes"),
    ],
)
def test_instance_is_the_path(client: FlaskClient, path: str, instance: str) -> None:
    assert problem_of(client.get(path))["instance"] == instance


def test_a_problem_of_head_has_no_body(client: FlaskClient) -> None:
    response = client.head(f"{PRODUCTS}/{UNKNOWN}")
    assert (response.status_code, response.data) == (404, b"")
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize("path", [PRODUCTS, "/nothing", f"{PRODUCTS}/%00", f"{PRODUCTS}?limit=0"])
def test_a_sane_request_id_is_kept(client: FlaskClient, path: str) -> None:
    for sent in ("7", "a" * 128, "01ARZ3NDEK-8f.ad~5b_d9:cb/46+9f=a1@65", "null"):
        response = client.get(path, headers={"X-Request-ID": sent})
        assert response.headers.getlist("X-Request-ID") == [sent]
        assert json.loads(response.data).get("request_id", sent) == sent


@pytest.mark.parametrize(
    "sent",
    ["", " ", "a" * 129, "a b", 'a"b', "<b>", "a,b", "a;b", "{}", "é", "\u2028", "a\tb"],
    ids=ascii,
)
def test_another_request_id_is_replaced(client: FlaskClient, sent: str) -> None:
    as_bytes = sent.encode().decode("latin-1")
    response = client.get("/nothing", environ_overrides={"HTTP_X_REQUEST_ID": as_bytes})
    made = problem_of(response)["request_id"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)


def test_request_ids_differ(client: FlaskClient) -> None:
    assert len({client.get(PRODUCTS).headers["X-Request-ID"] for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(RuntimeError(SECRET), id="runtime"),
        pytest.param(ProgrammingError(f"SELECT {SECRET}", {}, Exception(SECRET)), id="sql"),
        pytest.param(IntegrityError(f"INSERT {SECRET}", {}, Exception(SECRET)), id="integrity"),
        pytest.param(ConnectionError(f"http://{SECRET}:8081/api/v1"), id="address"),
    ],
)
@pytest.mark.parametrize(
    ("service", "method", "path"),
    [
        pytest.param((product_documents, "_document"), "GET", f"{PRODUCTS}/{PRODUCT}", id="get"),
        pytest.param((products, "create_product"), "POST", PRODUCTS, id="post"),
        pytest.param(
            (offer_documents, "list_offers"), "GET", f"{PRODUCTS}/{PRODUCT}/offers", id="offers"
        ),
    ],
)
def test_a_crash_is_a_constant_500_that_leaks_nothing(
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    service: tuple[object, str],
    method: str,
    path: str,
) -> None:
    monkeypatch.setattr(*service, crash(error))
    response = client.open(path, method=method, json={"name": "Kettle"})
    body = problem_of(response)
    assert body | {"request_id": "", "instance": ""} == {
        "type": "/problems/internal-error",
        "title": "Internal error",
        "status": 500,
        "detail": body["detail"],
        "instance": "",
        "request_id": "",
    }
    told = response.text + str(response.headers)
    assert not re.search(rf"{SECRET}|{type(error).__name__}|Traceback|SELECT|File|\.py", told)


def test_the_words_of_a_500_are_always_the_same(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = []
    for error in (RuntimeError("one"), ProgrammingError("two", {}, Exception("three"))):
        monkeypatch.setattr(product_documents, "list_products", crash(error))
        response = client.get(PRODUCTS, headers={"X-Request-ID": "same"})
        bodies.append(response.data)
    assert bodies[0] == bodies[1]


def test_a_crash_is_logged_with_its_traceback_and_the_request_id(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(product_documents, "list_products", crash(RuntimeError(SECRET)))
    client.get(PRODUCTS, headers={"X-Request-ID": "find-me"})
    [logged] = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (logged["level"], logged["request_id"]) == ("error", "find-me")
    assert f"RuntimeError: {SECRET}" in logged["exception"]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"postgresql+psycopg2://u:{SECRET}@127.0.0.1:9/db", id="postgresql"),
        pytest.param(f"sqlite:////nowhere/{SECRET}/aggregator.db", id="sqlite"),
    ],
)
def test_a_database_that_is_away_is_503(url: str) -> None:
    settings = Settings(database_url=url, log_level="error")
    client = create_app(settings).test_client()
    calls = [("GET", PRODUCTS), ("POST", PRODUCTS), ("GET", f"{PRODUCTS}/{PRODUCT}/offers")]
    calls += [("GET", f"{PRODUCTS}/export")]
    calls += [(method, f"{PRODUCTS}/{PRODUCT}") for method in ("GET", "PUT", "PATCH", "DELETE")]
    for method, path in calls:
        headers = {"Idempotency-Key": "a", "If-Match": '"1"', "If-None-Match": '"2"'}
        body = {"name": "Pot", "description": ""}
        response = client.open(path, method=method, json=body, headers=headers)
        problem = problem_of(response)
        assert problem["type"] == "/problems/database-unavailable"
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        assert not re.search(rf"{SECRET}|127\.0\.0\.1|psycopg|sqlite", response.text)


def test_a_database_that_is_away_is_not_asked_about_bad_input() -> None:
    settings = Settings(database_url="sqlite:////nowhere/aggregator.db", log_level="error")
    client = create_app(settings).test_client()
    assert problem_of(client.post(PRODUCTS, json={}))["status"] == 422
    assert problem_of(client.get("/nothing"))["status"] == 404

"""Requests that make no sense are told why, and change nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.conftest import MakeApp
from tests.factories import make_product
from tests.integration.api import PRODUCTS, create, faults_of, fetch

PRODUCT = UUID(int=1)
WRITES = {"POST": PRODUCTS, "PUT": f"{PRODUCTS}/{PRODUCT}", "PATCH": f"{PRODUCTS}/{PRODUCT}"}
GOOD = b'{"name": "Pot", "description": ""}'
DEEP = 100_000


@pytest.fixture(autouse=True)
def _nothing_changes(engine: Engine, client: FlaskClient) -> Iterator[None]:
    """Have one product before each test here, and the same one and no other after it."""
    make_product(engine, product_id=PRODUCT)
    before = fetch(client, PRODUCTS)
    yield
    assert fetch(client, PRODUCTS) == before


def write(client: FlaskClient, **request: Any) -> list[TestResponse]:
    """Send the same in every way that writes."""
    return [client.open(path, method=method, **request) for method, path in WRITES.items()]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" \n", id="blank"),
        pytest.param(b'{"name": "Pot"', id="cut"),
        pytest.param(b"{'name': 'Pot'}", id="single-quotes"),
        pytest.param(b'{"name": "Pot",}', id="trailing-comma"),
        pytest.param(GOOD + b"{}", id="two-objects"),
        pytest.param(b"name=Pot&description=", id="form"),
        pytest.param(b'{"name": "\xff", "description": ""}', id="not-utf-8"),
        pytest.param(b'{"name": "\xed\xa0\x80", "description": ""}', id="utf-8-of-a-surrogate"),
        pytest.param(GOOD.decode().encode("utf-16"), id="utf-16"),
        pytest.param(b'{"name": "\\ud800", "description": ""}', id="lone-surrogate"),
        pytest.param(b'{"name": "\\udc00\\ud800", "description": ""}', id="surrogates-swapped"),
        pytest.param(b'{"name": "\x00", "description": ""}', id="raw-nul"),
        pytest.param(b'{"name": "a\nb", "description": ""}', id="raw-line-feed"),
        pytest.param(b'{"name": NaN, "description": ""}', id="nan"),
        pytest.param(b'{"name": -Infinity, "description": ""}', id="infinity"),
        pytest.param(b"[" * DEEP, id="brackets-left-open"),
        pytest.param(b"[" * DEEP + b"]" * DEEP, id="brackets"),
        pytest.param(b'{"name":' * DEEP + b"1" + b"}" * DEEP, id="objects-in-objects"),
    ],
)
def test_a_body_that_is_no_json_is_400(client: FlaskClient, body: bytes) -> None:
    for response in write(client, data=body, content_type="application/json"):
        assert response.status_code == 400, response.text
        assert response.mimetype == "application/problem+json"
        assert response.get_json()["type"] == "/problems/unreadable-request"


def test_a_body_that_is_shorter_than_its_length_says_is_400(client: FlaskClient) -> None:
    for n_sent in (0, len(GOOD)):
        for method, path in WRITES.items():
            response = client.open(
                path,
                method=method,
                input_stream=BytesIO(GOOD[:n_sent]),
                content_type="application/json",
                # As gunicorn has it, which ends the body by itself.
                environ_overrides={"CONTENT_LENGTH": "99", "wsgi.input_terminated": True},
            )
            assert response.status_code == 400, response.text
            assert response.get_json()["type"] == "/problems/unreadable-request"


def test_an_unreadable_body_is_told_as_such_and_not_by_a_stock_phrase(client: FlaskClient) -> None:
    response = client.post(PRODUCTS, data=b'{"name": "Pot"', content_type="application/json")
    assert "JSON" in response.get_json()["detail"]


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(b"1e400", id="beyond-a-float"),
        pytest.param(b"-0.0", id="minus-zero"),
        pytest.param(b"9" * 30, id="30-digits"),
        pytest.param(b"9" * 5000, id="5000-digits"),
        pytest.param(b"1e-400", id="beneath-a-float"),
    ],
)
def test_a_huge_number_is_refused(client: FlaskClient, number: bytes) -> None:
    body = b'{"name": ' + number + b', "description": ""}'
    response = client.post(PRODUCTS, data=body, content_type="application/json")
    assert response.status_code in {400, 422}, response.text
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize("body", [b"[]", b"[{}]", b'"name"', b"3", b"1.5", b"true", b"null"])
def test_json_that_is_no_object_is_422(client: FlaskClient, body: bytes) -> None:
    for response in write(client, data=body, content_type="application/json"):
        assert faults_of(response, "pointer") == {("", "type")}


def test_the_detail_of_a_fault_in_the_whole_body_is_a_sentence(client: FlaskClient) -> None:
    assert client.post(PRODUCTS, json=[]).get_json()["detail"] == "This must be a JSON object."


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param(None, id="none"),
        pytest.param("text/plain", id="text"),
        pytest.param("text/json", id="text-json"),
        pytest.param("application/x-www-form-urlencoded", id="form"),
        pytest.param("multipart/form-data; boundary=x", id="multipart"),
        pytest.param("application/octet-stream", id="bytes"),
        pytest.param("application/jsonp", id="jsonp"),
        pytest.param("nonsense", id="nonsense"),
    ],
)
def test_another_media_type_is_415(client: FlaskClient, content_type: str | None) -> None:
    for response in write(client, data=GOOD, content_type=content_type):
        assert response.status_code == 415, response.text
        assert response.get_json()["type"] == "/problems/unsupported-media-type"
        assert "application/json" in response.get_json()["detail"]


@pytest.mark.parametrize(
    ("n_bytes", "status"),
    [(2_000_000, 413), (1024 * 1024 + 1, 413), (1024 * 1024, 422)],
    ids=["2-mb", "one-byte-too-many", "1-mib"],
)
def test_a_body_over_1_mib_is_413(client: FlaskClient, n_bytes: int, status: int) -> None:
    frame = b'{"name": "Pot", "description": ""}'
    body = frame[:-2] + b"x" * (n_bytes - len(frame)) + frame[-2:]
    assert len(body) == n_bytes
    for response in write(client, data=body, content_type="application/json"):
        assert response.status_code == status
        assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("content", "pointer", "code"),
    [
        pytest.param({"name": "x" * 256}, "/name", "too_long", id="name-of-256"),
        pytest.param({"name": "😀" * 256}, "/name", "too_long", id="name-of-256-emoji"),
        pytest.param({"name": ""}, "/name", "too_short", id="empty-name"),
        pytest.param({"name": " \t\n\u3000"}, "/name", "too_short", id="blank-name"),
        pytest.param({"name": None}, "/name", "null", id="null-name"),
        pytest.param({"name": 5}, "/name", "type", id="number-as-name"),
        pytest.param({"name": "a\0b"}, "/name", "nul", id="nul-in-name"),
        pytest.param({"description": "\0"}, "/description", "nul", id="nul-in-description"),
        pytest.param({"description": "x" * 10_001}, "/description", "too_long", id="10,001"),
        pytest.param({"description": ["x"]}, "/description", "type", id="list-as-description"),
        pytest.param({"version": 7}, "/version", "unknown", id="read-only-field"),
        pytest.param({"Name": "Pot"}, "/Name", "unknown", id="another-case"),
        pytest.param({"a/b~c": 1}, "/a~1b~0c", "unknown", id="pointer-escaped"),
        pytest.param({"product_id": str(PRODUCT)}, "/product_id", "unknown", id="inner-name"),
    ],
)
def test_a_bad_field_is_422(
    client: FlaskClient, content: dict[str, Any], pointer: str, code: str
) -> None:
    for response in write(client, json={"name": "Pot", "description": ""} | content):
        assert faults_of(response, "pointer") == {(pointer, code)}


@pytest.mark.parametrize("sent", ["", "1234", "x" * 36, 5, [], "g" * 32], ids=repr)
def test_an_id_that_is_no_uuid_is_422(client: FlaskClient, sent: object) -> None:
    response = client.post(PRODUCTS, json={"name": "Pot", "id": sent})
    assert faults_of(response, "pointer") == {("/id", "format")}


@pytest.mark.parametrize(
    ("method", "path", "missing"),
    [
        pytest.param("POST", PRODUCTS, {"/name"}, id="POST"),
        pytest.param("PUT", f"{PRODUCTS}/{PRODUCT}", {"/name", "/description"}, id="PUT"),
    ],
)
def test_every_missing_field_is_told(
    client: FlaskClient, method: str, path: str, missing: set[str]
) -> None:
    response = client.open(path, method=method, json={})
    assert faults_of(response, "pointer") == {(pointer, "required") for pointer in missing}


def test_all_faults_are_told_at_once(client: FlaskClient) -> None:
    body = {"id": "1", "name": "", "description": "\0" * 10_001, "price": 1, "stock": 2}
    assert faults_of(client.post(PRODUCTS, json=body), "pointer") == {
        ("/id", "format"),
        ("/name", "too_short"),
        ("/description", "nul"),
        ("/description", "too_long"),
        ("/price", "unknown"),
        ("/stock", "unknown"),
    }


@pytest.mark.parametrize(
    ("method", "path", "headers", "places"),
    [
        pytest.param(
            "PATCH",
            f"{PRODUCTS}/{PRODUCT}",
            {"If-Match": "3"},
            [("header", "If-Match"), ("pointer", "/colour")],
            id="header-and-body",
        ),
        pytest.param(
            "POST",
            f"{PRODUCTS}/import?dry_run=maybe&colour=red",
            {"Idempotency-Key": ""},
            [("header", "Idempotency-Key"), ("parameter", "dry_run"), ("parameter", "colour")],
            id="header-and-query",
        ),
        pytest.param(
            "POST",
            f"{PRODUCTS}/import?dry_run=true&dry_run=true",
            {"Idempotency-Key": ""},
            [("header", "Idempotency-Key"), ("parameter", "dry_run")],
            id="header-and-repeated-parameter",
        ),
    ],
)
def test_faults_of_different_places_are_told_at_once(
    client: FlaskClient,
    method: str,
    path: str,
    headers: dict[str, str],
    places: list[tuple[str, str]],
) -> None:
    body = {"name": "Pot", "colour": "red"}
    response = client.open(path, method=method, headers=headers, json=body)
    assert response.status_code == 422
    told = [error.items() for error in response.get_json()["errors"]]
    assert [place for place in places if not any(place in fault for fault in told)] == []
    assert len(told) == len(places)


def test_a_body_that_cannot_be_read_goes_before_faults(client: FlaskClient) -> None:
    path, headers = f"{PRODUCTS}/{PRODUCT}", {"If-Match": "3"}
    assert client.patch(path, data="{", headers=headers).status_code == 415
    response = client.patch(path, data="{", headers=headers, content_type="application/json")
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("product_id", "status"),
    [
        pytest.param("1234", 404, id="short"),
        pytest.param(f"{PRODUCT}0", 404, id="long"),
        pytest.param("g" * 36, 404, id="no-hex"),
        pytest.param("' OR 1=1 --", 404, id="sql"),
        pytest.param("..%2F..%2Fetc", 404, id="path"),
        pytest.param("%FF", 404, id="not-utf-8"),
        pytest.param("%00", 400, id="nul"),
        pytest.param(f"{PRODUCT}%00", 400, id="nul-behind-an-id"),
    ],
)
def test_a_malformed_id_in_the_path_is_no_product(
    client: FlaskClient, product_id: str, status: int
) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        response = client.open(f"{PRODUCTS}/{product_id}", method=method, json=json.loads(GOOD))
        assert response.status_code == status, response.text
        assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize("name", ["'; DROP TABLE products; --", "%s %(id)s :name ? $1", "\\'"])
def test_names_that_look_like_sql_are_text(make_app: MakeApp, name: str) -> None:
    client = make_app(offers_base_url=None).test_client()
    created = create(client, name=name, description=name)
    assert fetch(client, created["id"])["description"] == name
    assert client.delete(f"{PRODUCTS}/{created['id']}").status_code == 204


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_a_parameter_where_none_is_read_is_told_and_not_left_undone(
    client: FlaskClient, method: str
) -> None:
    path = f"{PRODUCTS}/{PRODUCT}?dry_run=true&fields=name"
    response = client.open(path, method=method, json=json.loads(GOOD))
    assert response.status_code == 422
    if method != "HEAD":
        assert faults_of(response, "parameter") == {("dry_run", "unknown"), ("fields", "unknown")}


def test_a_new_product_takes_no_parameters(client: FlaskClient) -> None:
    response = client.post(f"{PRODUCTS}?dry_run=true", json=json.loads(GOOD))
    assert faults_of(response, "parameter") == {("dry_run", "unknown")}


@pytest.mark.parametrize("query", ["q=%FF", "q=%ED%A0%80", "%C3=1"])
def test_parameters_that_are_not_utf_8_are_unreadable(client: FlaskClient, query: str) -> None:
    response = client.get(f"{PRODUCTS}?{query}")
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")

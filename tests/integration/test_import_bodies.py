"""Bodies that an import cannot read, or will not."""

from __future__ import annotations

import gzip
import json

import pytest
from flask.testing import FlaskClient

from tests.integration.api import PRODUCTS, faults_of
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
    report_of,
    send,
)

DEEP = 100_000
BOMB = gzip.compress(b"[" + b" " * 50_000_000 + b"]")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b"", JSON, id="empty"),
        pytest.param(b'[{"name": "Pot"}', JSON, id="cut"),
        pytest.param(b"[" * DEEP, JSON, id="brackets"),
        pytest.param(b'[{"name": "\xff"}]', JSON, id="json-not-utf-8"),
        pytest.param(b'{"name": "Pot"}\n{"name": "\xff"}\n', NDJSON, id="ndjson-not-utf-8"),
        pytest.param(b"name\nPot\n\xff\n", CSV, id="csv-not-utf-8"),
        pytest.param("name\nPot".encode("utf-16"), CSV, id="utf-16"),
    ],
)
@pytest.mark.parametrize("on_error", ["abort", "skip"])
def test_an_unreadable_file_is_400(
    client: FlaskClient, body: bytes, content_type: str, on_error: str
) -> None:
    response = send(client, body, content_type, on_error=on_error)
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")
    assert response.get_json()["type"] == "/problems/unreadable-request"
    assert exported(client) == []


@pytest.mark.parametrize(
    ("body", "content_type", "faults"),
    [
        pytest.param(b"{}", JSON, {("", "type")}, id="object"),
        pytest.param(b"", CSV, {("/name", "required")}, id="empty-csv"),
        pytest.param(b"description\nx", CSV, {("/name", "required")}, id="no-name"),
        pytest.param(b"name,colour\nx,y", CSV, {("/colour", "unknown")}, id="unknown-column"),
        pytest.param(b"name,name\nx,y", CSV, {("/name", "repeated")}, id="repeated-column"),
    ],
)
def test_a_file_of_something_else_is_422(
    client: FlaskClient, body: bytes, content_type: str, faults: set[tuple[str, str]]
) -> None:
    assert faults_of(send(client, body, content_type), "pointer") == faults


def test_an_empty_file_of_lines_holds_no_rows(client: FlaskClient) -> None:
    assert counts(report_of(send(client, b"", NDJSON))) == (0, 0, 0)
    assert counts(report_of(send(client, b"name\r\n", CSV))) == (0, 0, 0)


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        pytest.param(b"[" * DEEP + b"\n", NDJSON, "json", id="100,000-brackets-in-a-line"),
        pytest.param(b"[" * DEEP + b"]" * DEEP, JSON, "too_long", id="100,000-brackets"),
        pytest.param(b"name\n" + b"x" * 5_000_000, CSV, "too_long", id="long-line-of-csv"),
        pytest.param(b'name\n"' + b"x\n" * 500_000, CSV, "too_long", id="quote-left-open"),
        pytest.param(b'{"name": "%s"}' % (b"x" * 5_000_000), NDJSON, "too_long", id="long-line"),
    ],
)
def test_a_monstrous_row_is_a_bad_row(
    client: FlaskClient, body: bytes, content_type: str, code: str
) -> None:
    assert codes(failure_of(send(client, body, content_type))) == {1: {("", code)}}


@pytest.mark.parametrize("cell", ["=1+1", "-5", "+x", "@x", "'=x", "''-x", "'x", "＝x"])  # noqa: RUF001
def test_a_cell_stands_for_what_it_was_exported_from(client: FlaskClient, cell: str) -> None:
    report_of(send(client, json.dumps([{"name": cell, "description": cell}]).encode(), JSON))
    file = client.get(f"{PRODUCTS}/export?format=csv").data
    [product] = exported(client)
    assert client.delete(f"{PRODUCTS}/{product['id']}").status_code == 204
    assert counts(report_of(send(client, file, CSV))) == (1, 0, 0)
    assert contents(client) == [(cell, cell)]


def test_quoted_line_feeds_are_text(client: FlaskClient) -> None:
    body = 'name,description\r\n"Pot","two\r\nlines, ""quoted"""\r\n'.encode("utf-8-sig")
    assert counts(report_of(send(client, body, CSV))) == (1, 0, 0)
    assert contents(client) == [("Pot", 'two\r\nlines, "quoted"')]


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "text/csv; charset=windows-1250",
        "nonsense",
    ],
)
def test_another_media_type_is_415(client: FlaskClient, content_type: str | None) -> None:
    response = client.post(IMPORT, data=b"[]", content_type=content_type)
    assert response.status_code == 415
    assert response.get_json()["type"] == "/problems/unsupported-media-type"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
def test_utf_8_may_be_said(client: FlaskClient, charset: str) -> None:
    body = "name\nŽehlička".encode()
    report = report_of(send(client, body, f"{CSV}; charset={charset}; header=present"))
    assert counts(report) == (1, 0, 0)


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "zstd", "gzip, gzip", "x"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", IMPORT),
        ("POST", PRODUCTS),
        ("PUT", f"{PRODUCTS}/00000000-0000-0000-0000-000000000001"),
        ("PATCH", f"{PRODUCTS}/00000000-0000-0000-0000-000000000001"),
    ],
)
def test_a_compressed_body_is_not_opened(
    client: FlaskClient, method: str, path: str, coding: str
) -> None:
    headers = {"Content-Encoding": coding}
    response = client.open(path, method=method, data=BOMB, content_type=JSON, headers=headers)
    assert response.status_code == 415
    assert response.get_json()["type"] == "/problems/unsupported-media-type"
    assert response.headers["Accept-Encoding"] == "identity"


def test_a_body_may_say_that_it_is_not_compressed(client: FlaskClient) -> None:
    for path, body in {IMPORT: b"[]", PRODUCTS: b'{"name": "Pot"}'}.items():
        headers = {"Content-Encoding": "Identity"}
        response = client.post(path, data=body, content_type=JSON, headers=headers)
        assert response.status_code in {200, 201}


@pytest.mark.parametrize(("over", "status"), [(0, 200), (1, 413)])
def test_a_body_has_up_to_64_mib(client: FlaskClient, over: int, status: int) -> None:
    body = b"[%s]" % (b" " * (64 * 1024 * 1024 - 2 + over))
    response = send(client, body, JSON)
    assert (response.status_code, bool(response.headers["X-Request-ID"])) == (status, True)
    assert exported(client) == []

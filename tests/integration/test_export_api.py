"""Exports: the whole catalogue, in a file that can be imported again."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import StringIO
from typing import Any, cast
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from aggregator.services import catalogue, exports
from aggregator.services.paging import Page
from tests.factories import make_product, observe
from tests.integration.api import PRODUCTS, create, faults_of, fetch
from tests.integration.bulk import (
    CSV,
    EXPORT,
    NDJSON,
    contents,
    counts,
    exported,
    report_of,
    send,
)

OFFER = UUID(int=7)
TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
        st.sampled_from("'=+-@\t\r\n\",＝ "),  # noqa: RUF001
    ),
    max_size=12,
)


def test_caches_are_told_where_the_header_chooses_the_format(client: FlaskClient) -> None:
    product_id = create(client)["id"]
    for path in (EXPORT, f"{PRODUCTS}/{product_id}/history"):
        for accept in ("*/*", CSV, NDJSON):
            response = client.get(path, headers={"Accept": accept})
            assert "Accept" in response.vary
        assert "Accept" not in client.get(f"{path}?format=csv").vary


def test_format_is_chosen_by_parameter_or_header(client: FlaskClient) -> None:
    for accept, query, media_type in [
        ("*/*", "", NDJSON),
        (CSV, "", CSV),
        (NDJSON, "", NDJSON),
        ("image/png", "", NDJSON),
        (f"{NDJSON};q=0.5, {CSV}", "", CSV),
        (NDJSON, "?format=csv", CSV),
        (CSV, "?format=ndjson", NDJSON),
    ]:
        assert client.get(EXPORT + query, headers={"Accept": accept}).mimetype == media_type


def test_export_holds_what_the_pages_hold(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(5):
        product_id = make_product(engine, name=f"Product {i}", description='1,5 "l"\n')
    observe(engine, product_id, {OFFER: (5, 1)})
    items = fetch(client, PRODUCTS)["items"]
    assert len(items) == 5
    for at_a_time in (1, 2, 5, 1000):
        monkeypatch.setattr(exports, "_PAGE", at_a_time)
        assert exported(client) == items
        rows = csv.DictReader(StringIO(client.get(f"{EXPORT}?format=csv").text, newline=""))
        assert list(rows) == [
            {name: "" if value is None else as_cell(value) for name, value in item.items()}
            for item in items
        ]


def as_cell(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def test_an_empty_catalogue_is_an_empty_file(client: FlaskClient) -> None:
    assert client.get(EXPORT).data == b""
    header = client.get(f"{EXPORT}?format=csv").data
    assert header.startswith(b"id,name,description,version,")
    assert header.endswith(b"stale\r\n")
    assert header.count(b"\n") == 1


def test_export_is_offered_as_a_file(client: FlaskClient) -> None:
    for format_, media_type in {"csv": CSV, "ndjson": NDJSON}.items():
        headers = client.get(f"{EXPORT}?format={format_}").headers
        assert headers["Content-Type"] == f"{media_type}; charset=utf-8"
        assert headers["Content-Disposition"] == f'attachment; filename="products.{format_}"'
        assert "Content-Length" not in headers


def test_head_reads_no_more_than_the_first_page(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_PAGE", 1)
    list_products, read = catalogue.list_products, []

    def count(*args: Any, **kwargs: Any) -> Page:
        read.append(args)
        return list_products(*args, **kwargs)

    monkeypatch.setattr(catalogue, "list_products", count)
    for _ in range(3):
        make_product(engine)
    head = client.head(f"{EXPORT}?format=csv")
    assert (head.status_code, head.data, len(read)) == (200, b"", 1)
    assert "Content-Disposition" in head.headers


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("format=xml", ("format", "choice")),
        ("format=json", ("format", "choice")),
        ("limit=5", ("limit", "unknown")),
    ],
)
def test_bad_parameters_are_told(client: FlaskClient, query: str, fault: tuple[str, str]) -> None:
    assert faults_of(client.get(f"{EXPORT}?{query}"), "parameter") == {fault}


def test_products_that_come_and_go_meanwhile_repeat_no_other(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_PAGE", 1)
    ids = [str(make_product(engine)) for _ in range(4)]
    response = client.get(EXPORT, buffered=False)
    chunks = cast(Iterator[bytes], iter(response.response))
    lines = [next(chunks)]
    assert client.delete(f"{PRODUCTS}/{ids[2]}").status_code == 204
    late = str(make_product(engine))
    lines += chunks
    assert [json.loads(line)["id"] for line in lines] == [ids[0], ids[1], ids[3], late]


def test_export_leaves_no_connection_taken(client: FlaskClient, engine: Engine) -> None:
    make_product(engine)
    for _ in range(30):
        response = client.get(f"{EXPORT}?format=csv", buffered=False)
        next(iter(response.response))
        response.close()
    assert len(exported(client)) == 1


@pytest.mark.parametrize(("format_", "media_type"), [("csv", CSV), ("ndjson", NDJSON)])
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(st.tuples(TEXTS.map(lambda t: f"{t}x".strip()), TEXTS), max_size=4))
def test_an_export_imported_elsewhere_is_the_same_catalogue(
    client: FlaskClient, format_: str, media_type: str, texts: list[tuple[str, str]]
) -> None:
    rows = [{"name": name, "description": description} for name, description in texts]
    report_of(client.post(f"{PRODUCTS}/import", json=rows))
    file = client.get(f"{EXPORT}?format={format_}").data
    assert contents(client) == sorted(texts)
    assert counts(report_of(send(client, file, media_type))) == (0, len(texts), 0)
    ids = [product["id"] for product in exported(client)]
    for product_id in ids:
        client.delete(f"{PRODUCTS}/{product_id}")
    assert counts(report_of(send(client, file, media_type))) == (len(texts), 0, 0)
    assert contents(client) == sorted(texts)
    for product_id in ids:
        assert client.delete(f"{PRODUCTS}/{product_id}").status_code == 204

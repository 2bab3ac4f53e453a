"""Answers in gzip: the same answers, in fewer bytes, for those who accept them."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from flask import Flask, Response, request, send_file
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from aggregator.clock import utc_now
from tests.conftest import MakeApp
from tests.factories import make_product, observe
from tests.integration.api import PRODUCTS

PRODUCT = UUID(int=1)
GZIP = {"Accept-Encoding": "gzip"}
LONG = "much the same " * 100


@pytest.fixture
def product(engine: Engine) -> str:
    """Return the path of a product that is worth compressing."""
    return f"{PRODUCTS}/{make_product(engine, product_id=PRODUCT, description=LONG)}"


@pytest.fixture
def tag(client: FlaskClient, product: str) -> str:
    """Return that product's tag, without its quotes."""
    return client.get(product).headers["ETag"].strip('"')


def is_gzip(response: TestResponse) -> bool:
    """Tell whether an answer is compressed, after checking that its headers fit."""
    assert "Accept-Encoding" in response.headers["Vary"]
    return response.headers.get("Content-Encoding") == "gzip"


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1, gzip;q=0.1", True),
        ("*", True),
        ("gzip;q=0.001", True),
        ("identity;q=0, gzip", True),
        (None, False),
        ("", False),
        ("br", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("identity, gzip;q=0.5", False),
        ("identity;q=0", False),
        ("x-gzipped", False),
        (";;;,,,q=", False),
    ],
)
def test_whoever_accepts_gzip_gets_it(
    client: FlaskClient, product: str, accepted: str | None, compressed: bool
) -> None:
    plain = client.get(product)
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    response = client.get(product, headers=headers)
    assert response.status_code == 200
    assert is_gzip(response) is compressed
    body = gzip.decompress(response.data) if compressed else response.data
    assert body == plain.data
    assert response.content_length == len(response.data)
    assert (len(response.data) < len(plain.data) / 3) is compressed


def test_what_is_small_stays_as_it_is(client: FlaskClient) -> None:
    assert not is_gzip(client.get(PRODUCTS, headers=GZIP))


def test_problems_stay_as_they_are(client: FlaskClient) -> None:
    query = "&".join(f"unknown{i}=1" for i in range(100))
    response = client.get(f"{PRODUCTS}?{query}", headers=GZIP)
    assert (response.status_code, is_gzip(response)) == (422, False)
    assert response.get_json()["status"] == 422


def test_head_tells_what_get_would(client: FlaskClient, product: str) -> None:
    got, head = client.get(product, headers=GZIP), client.head(product, headers=GZIP)
    assert head.data == b""
    names = ("Content-Type", "Content-Length", "Content-Encoding", "Vary")
    assert [head.headers[name] for name in names] == [got.headers[name] for name in names]


@pytest.mark.parametrize("format_", ["csv", "ndjson"])
def test_streams_are_compressed(
    engine: Engine, client: FlaskClient, product: str, format_: str
) -> None:
    now = utc_now()
    for minute in range(1, 40):
        at = now - timedelta(minutes=40 - minute)
        observe(engine, PRODUCT, {UUID(int=n): (minute, n) for n in range(5)}, at=at)
    path = f"{product}/history?format={format_}"
    plain, response = client.get(path), client.get(path, headers=GZIP)
    assert is_gzip(response)
    assert "Content-Length" not in response.headers
    assert response.mimetype == plain.mimetype
    assert gzip.decompress(response.data) == plain.data
    assert plain.data.count(b"\n") > 190
    assert client.head(path, headers=GZIP).headers["Content-Encoding"] == "gzip"


def test_a_stream_is_compressed_while_it_is_written(app: Flask) -> None:
    n_made = 0

    def lines() -> Iterator[bytes]:
        nonlocal n_made
        for n_made in range(1, 2001):
            yield Random(n_made).randbytes(5000).hex().encode()

    app.add_url_rule("/stream", view_func=lambda: Response(lines(), mimetype="text/csv"))
    tracemalloc.start()
    inflate, n_bytes = zlib.decompressobj(wbits=31), 0
    response = app.test_client().get("/stream", headers=GZIP)
    for chunk in response.iter_encoded():
        if n_bytes == 0:
            assert n_made < 100, "the first bytes come before the last are made"
        n_bytes += len(inflate.decompress(chunk))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert inflate.eof
    assert n_bytes == 20_000_000
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        pytest.param(GZIP, 200, LONG, id="whole"),
        pytest.param({"Range": "bytes=0-999", **GZIP}, 206, LONG[:1000], id="part"),
    ],
)
def test_of_files_only_whole_ones_are_compressed(
    app: Flask, tmp_path: Path, headers: dict[str, str], status: int, body: str
) -> None:
    file = tmp_path / "words.txt"
    file.write_text(LONG)
    app.add_url_rule("/file", view_func=lambda: send_file(file, conditional=True))
    response = app.test_client().get("/file", headers=headers, buffered=True)
    compressed = is_gzip(response)
    assert (response.status_code, compressed) == (status, status == 200)
    assert (gzip.decompress(response.data) if compressed else response.data) == body.encode()


def test_an_abandoned_stream_is_closed(app: Flask) -> None:
    closed = []

    def lines() -> Iterator[bytes]:
        try:
            while True:
                yield b"again and again\n" * 1000
        finally:
            closed.append(True)

    app.add_url_rule("/stream", view_func=lambda: Response(lines(), mimetype="text/csv"))
    response = app.test_client().get("/stream", headers=GZIP)
    next(iter(response.iter_encoded()))
    response.close()
    assert closed == [True]


def test_other_bytes_have_another_strong_tag(client: FlaskClient, product: str) -> None:
    plain, zipped = client.get(product), client.get(product, headers=GZIP)
    assert zipped.headers["ETag"] == plain.headers["ETag"][:-1] + ':gzip"'


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ('"{}"', '"{}"'),
        ('"{}:gzip"', '"{}:gzip"'),
        ('"1", "{}:gzip"', '"{}:gzip"'),
        ('W/"{}:gzip"', '"{}:gzip"'),
        ("*", '"{}"'),
    ],
)
def test_either_tag_says_that_nothing_changed(
    client: FlaskClient, product: str, tag: str, accepted: str, sent: str, told: str
) -> None:
    headers = {"If-None-Match": sent.format(tag), "Accept-Encoding": accepted}
    response = client.get(product, headers=headers)
    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == told.format(tag)
    assert not is_gzip(response)


@pytest.mark.parametrize("sent", ['"2"', '"2:gzip"', '"{}:br"', '"{}:gzip:gzip"'])
def test_another_tag_says_nothing(client: FlaskClient, product: str, tag: str, sent: str) -> None:
    response = client.get(product, headers={"If-None-Match": sent.format(tag), **GZIP})
    assert (response.status_code, is_gzip(response)) == (200, True)


def test_a_write_sees_the_tag_of_the_resource(make_app: MakeApp) -> None:
    app = make_app()
    app.add_url_rule("/seen", view_func=_seen, methods=["PUT"])
    sent = {"If-Match": '"3.k7f2:gzip", "4"'}
    assert app.test_client().put("/seen", headers=sent).text == '"3.k7f2", "4"'


def _seen() -> str:
    return request.headers["If-Match"]

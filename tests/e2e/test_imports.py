"""Imports over real connections: cut ones, endless ones, and large ones."""

from __future__ import annotations

import gzip
import json
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from tests.e2e.conftest import Start, Web, start_web

pytestmark = pytest.mark.waits

IMPORT = "/products/import"
NDJSON = {"Content-Type": "application/x-ndjson"}
MIB = 1024 * 1024
ROWS = [json.dumps({"name": f"Product {i}"}).encode() + b"\n" for i in range(10_000)]
#: It ends where a line ends, so that all that arrives is a good file.
HALF = b"".join(ROWS[:5_000])
WHOLE = b"".join(ROWS)


@pytest.fixture
def web(start: Start, settings: dict[str, str]) -> Iterator[Web]:
    """Return a running web server with one worker."""
    running = start_web(start, settings | {"WEB_CONCURRENCY": "1"})
    yield running
    running.close()


@contextmanager
def request(web: Web, query: str, *headers: str) -> Iterator[socket.socket]:
    """Open a connection on which the head of an import was sent."""
    address = urlsplit(web.api)
    head = [f"POST {address.path}{IMPORT}{query} HTTP/1.1", "Host: x", *headers]
    head += [f"{name}: {value}" for name, value in NDJSON.items()]
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        yield connection


def chunk(content: bytes) -> bytes:
    """Return one chunk of a body."""
    return b"%x\r\n%s\r\n" % (len(content), content)


def products(web: Web) -> int:
    """Return how many products there are."""
    total: int = web.get("/products?include=total&limit=1")["total"]
    return total


def send(web: Web, body: bytes, query: str = "") -> Any:
    """Import a file; return the report."""
    response = web.call("POST", IMPORT + query, data=body, headers=NDJSON)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize("query", ["", "?on_error=skip"], ids=["abort", "skip"])
@pytest.mark.parametrize(
    ("header", "sent"),
    [
        pytest.param(f"Content-Length: {len(WHOLE)}", HALF, id="length"),
        pytest.param("Transfer-Encoding: chunked", chunk(HALF), id="between-chunks"),
        pytest.param("Transfer-Encoding: chunked", chunk(WHOLE)[: len(HALF)], id="in-a-chunk"),
        pytest.param("Transfer-Encoding: chunked", chunk(WHOLE) + b"0\r\n", id="before-the-end"),
    ],
)
def test_a_connection_that_is_cut_changes_nothing(
    web: Web, header: str, sent: bytes, query: str
) -> None:
    with request(web, query, header) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            assert connection.recv(65_536).split(b" ")[1:2] in ([], [b"400"])
    web.process.wait_for(IMPORT)
    assert products(web) == 0
    report = send(web, WHOLE, query)
    assert (report["created"], report["existing"]) == (10_000, 0)
    report = send(web, WHOLE, query)
    assert (report["created"], report["existing"]) == (0, 10_000)
    assert products(web) == 10_000


@pytest.mark.parametrize("piece", [b"x" * MIB, b'"\n' * (MIB // 2)], ids=["one-line", "many-lines"])
def test_an_endless_body_is_refused_when_it_is_too_large(web: Web, piece: bytes) -> None:
    worker = Worker(web)
    n_sent = 0
    chunked = request(web, "", "Transfer-Encoding: chunked")
    # Who goes on sending may be cut off before the answer is there.
    with chunked as connection, suppress(ConnectionError):
        while n_sent < 200 * MIB and not select.select([connection], [], [], 0)[0]:
            connection.sendall(chunk(piece))
            n_sent += len(piece)
    web.process.wait_for('"status": 413')
    assert 64 * MIB <= n_sent < 80 * MIB
    assert worker.over_idle < 20 * MIB
    assert products(web) == 0


def test_a_body_that_says_it_is_too_large_is_not_read(web: Web) -> None:
    with request(web, "", f"Content-Length: {64 * MIB + 1}") as connection:
        assert connection.recv(4096).split(b" ")[1] == b"413"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("application/x-ndjson", b"x" * 64 * MIB, id="line"),
        pytest.param("text/csv", b'name\n"' + b"x" * (64 * MIB - 6), id="csv-field"),
        pytest.param("text/csv", b"name\n" + b'"\n' * (32 * MIB - 3), id="csv-lines"),
    ],
)
def test_a_monstrous_row_takes_little_memory(web: Web, content_type: str, body: bytes) -> None:
    worker = Worker(web)
    response = web.call("POST", IMPORT, data=body, headers={"Content-Type": content_type})
    assert response.json()["type"] in {"/problems/import-failed", "/problems/invalid-input"}
    assert worker.over_idle < 20 * MIB


def test_a_gzip_bomb_is_not_opened(web: Web) -> None:
    worker = Worker(web)
    headers = NDJSON | {"Content-Encoding": "gzip"}
    bomb = gzip.compress(b"x" * 100 * MIB)
    response = web.call("POST", IMPORT, data=bomb, headers=headers)
    assert (response.status_code, response.headers["Accept-Encoding"]) == (415, "identity")
    assert worker.over_idle < 20 * MIB


def test_ten_thousand_rows_take_under_100_mb(web: Web) -> None:
    worker = Worker(web)
    rows = ({"name": f"Product {i}", "description": "x" * 500} for i in range(10_000))
    body = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    assert send(web, body)["created"] == 10_000
    assert worker.over_idle < 100 * 10**6
    response = web.call("GET", "/products/export?format=csv")
    assert response.content.count(b"\n") == 10_001
    assert worker.over_idle < 100 * 10**6


class Worker:
    """Watches how much memory the server's one worker takes."""

    def __init__(self, web: Web) -> None:
        [self._process] = psutil.Process(web.process.pid).children()
        self._idle = self._process.memory_info().rss

    @property
    def over_idle(self) -> int:
        """The most bytes that it has taken beyond what it took at first."""
        with open(f"/proc/{self._process.pid}/status", encoding="ascii") as status:
            [line] = [line for line in status if line.startswith("VmHWM")]
        peak = int(line.split()[1]) * 1024
        idle: int = self._idle
        return peak - idle

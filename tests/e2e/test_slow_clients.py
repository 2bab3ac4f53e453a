"""Clients that begin something and leave it at that keep nobody else from being answered."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.databases import migrated
from tests.e2e.conftest import Start, Web, start_web
from tests.e2e.processes import environ

pytestmark = pytest.mark.waits

NOWHERE = "http://127.0.0.1:9/api/v1"
HEAD = b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
#: More of each kind than there are places to work at.
MANY = 10
BEGINNINGS = [
    b"",
    b"GET /api/v1/products" + HEAD,
    b"POST /api/v1/products" + HEAD + b"Content-Length: 900\r\n\r\n{",
    b"POST /api/v1/products/import" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\n[",
    b"POST /nothing" + HEAD + b"Content-Length: 900\r\n\r\n{",
    # Nobody reads the answers.
    b"GET /assets/vendor/swagger-ui/swagger-ui-bundle.js" + HEAD + b"\r\n",
    b"GET /api/v1/products/export" + HEAD + b"\r\n",
    # They are over, and the client does not hang up.
    b"GET /nothing" + HEAD + b"Connection: close\r\n\r\n",
]


@pytest.fixture
def web(start: Start, tmp_path: Path) -> Iterator[Web]:
    """Return a web server of one process."""
    url = migrated(f"sqlite:///{tmp_path}/aggregator.db")
    running = start_web(start, environ(url, NOWHERE, WEB_CONCURRENCY="1"))
    yield running
    running.close()


def begin(web: Web, beginning: bytes) -> socket.socket:
    """Begin a request, and take nothing of its answer."""
    address = urlsplit(web.api)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((address.hostname, address.port))
    client.sendall(beginning)
    return client


def test_slow_clients_stop_nobody(web: Web) -> None:
    rows = [{"name": f"Product {i}", "description": "x" * 9000} for i in range(800)]
    assert web.call("POST", "/products/import", json=rows).status_code == 200
    with ExitStack() as stack:
        for _ in range(MANY):
            for beginning in BEGINNINGS:
                stack.enter_context(begin(web, beginning))
        for _ in range(20):
            answer = requests.get(f"{web.api}/products?limit=1", timeout=20)
            assert answer.status_code == 200
        assert web.call("POST", "/products", json={"name": "Kettle"}).status_code == 201


def test_heads_may_follow_one_another_but_each_must_end(web: Web) -> None:
    with begin(web, b"GET /nothing" + HEAD) as client, suppress(ConnectionError):
        client.sendall(b"X-More: " + b"x" * 200_000)
        assert client.recv(1) == b""
    request = b"GET /nothing" + HEAD
    with begin(web, request + b"\r\n" + request + b"Connection: close\r\n\r\n") as client:
        answers = client.makefile("rb").read()
    assert answers.count(b"HTTP/1.1 404") == 2

"""Clients that begin something and leave it at that keep nobody else from being answered."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
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
#: Of each kind at once; one process may happen to accept them all.
MANY = 32
BEGINNINGS = [
    b"",
    b"GET /api/v1/products" + HEAD,
    b"POST /api/v1/products" + HEAD + b"Content-Length: 900\r\n\r\n{",
    b"POST /api/v1/products/import" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\n[",
    b"POST /nothing" + HEAD + b"Content-Length: 900\r\n\r\n{",
    # Nobody reads the answers.
    b"GET /assets/vendor/swagger-ui/swagger-ui-bundle.js" + HEAD + b"\r\n",
    b"GET /api/v1/products/export" + HEAD + b"\r\n",
]


@pytest.fixture
def web(start: Start, tmp_path: Path) -> Iterator[Web]:
    """Return a web server as it is unless told otherwise: of two processes."""
    running = start_web(start, environ(migrated(f"sqlite:///{tmp_path}/aggregator.db"), NOWHERE))
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


def find_timer(served_port: int, client_port: int) -> str:
    """Return the timer of the server's end of a connection, as Linux tells it."""
    ends = [f":{served_port:04X}", f":{client_port:04X}"]
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    (timer,) = [line[5] for line in lines if [line[1][-5:], line[2][-5:]] == ends]
    return timer


def test_slow_clients_stop_nobody(web: Web) -> None:
    rows = [{"name": f"Product {i}", "description": "x" * 9000} for i in range(800)]
    assert web.call("POST", "/products/import", json=rows).status_code == 200
    for beginning in BEGINNINGS:
        with ExitStack() as stack:
            for _ in range(MANY):
                stack.enter_context(begin(web, beginning))
            for _ in range(20):
                answer = requests.get(f"{web.api}/products?limit=1", timeout=20)
                assert answer.status_code == 200
            body = {"name": "Kettle"}
            answer = requests.post(f"{web.api}/products", json=body, timeout=20)
            assert answer.status_code == 201


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell it elsewhere")
def test_system_asks_whether_silent_clients_are_still_there(web: Web) -> None:
    with begin(web, BEGINNINGS[1]) as client:
        assert web.call("GET", "/products").status_code == 200
        kind, after = find_timer(client.getpeername()[1], client.getsockname()[1]).split(":")
    assert kind == "02"
    assert 0 < int(after, 16) <= 1000, "in hundredths of a second"

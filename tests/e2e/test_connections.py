"""Connections that clients keep: what the server says of them is true."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import Start, Web, start_web

pytestmark = pytest.mark.waits


@pytest.fixture
def web(start: Start, settings: dict[str, str]) -> Iterator[Web]:
    """Return a running web server."""
    running = start_web(start, settings)
    yield running
    running.close()


def test_connection_goes_on_or_is_said_to_end(web: Web) -> None:
    address = urlsplit(web.api)
    for content_type, n_bytes, status, ends in [
        ("application/json", 2_000_000, 413, True),
        ("text/plain", 100_000, 415, True),
        ("text/plain", 60_000, 415, False),
        ("application/json", 10, 400, False),
    ]:
        with closing(HTTPConnection(str(address.hostname), address.port, timeout=20)) as client:
            headers = {"Content-Type": content_type}
            client.request("POST", f"{address.path}/products", b"x" * n_bytes, headers)
            response = client.getresponse()
            response.read()
            assert response.status == status
            assert response.will_close == ends
            if not ends:
                client.request("GET", f"{address.path}/products")
                assert client.getresponse().status == 200

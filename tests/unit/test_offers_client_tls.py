"""The client over TLS, as the real service is called."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.offers_errors import OffersServiceUnavailable, OffersServiceUnreachable
from tests.unit.offers_calls import PRODUCT, TOKEN, Fetch, both_ways, make_client
from tests.unit.raw_server import RawServer

pytestmark = pytest.mark.waits

#: Self-signed for localhost, and good for a hundred years.
CERTIFICATE = Path(__file__).parent / "tls" / "certificate.pem"
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def tls() -> ssl.SSLContext:
    """Return what a server with that certificate speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_name("key.pem"))
    return context


@both_ways
def test_offers_are_read_over_tls(
    fetch: Fetch, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    with RawServer(lambda: [OK + b"Content-Length: 2\r\n\r\n[]"], tls=tls) as server:
        assert fetch(make_client(server.base_url), TOKEN, PRODUCT).offers == ()


@both_ways
def test_a_certificate_that_nobody_vouches_for_gets_no_token(
    fetch: Fetch, tls: ssl.SSLContext
) -> None:
    with (
        RawServer(lambda: [OK + b"\r\n[]"], tls=tls) as server,
        pytest.raises(OffersServiceUnreachable, match="certificate"),
    ):
        fetch(make_client(server.base_url), TOKEN, PRODUCT)
    assert not any(server.heads)


@both_ways
@pytest.mark.parametrize("head", [OK + b"\r\n[", OK + b"X-Slow: "], ids=["body", "header"])
def test_a_slow_drip_over_tls_is_bounded_too(
    fetch: Fetch, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))

    def pieces() -> Iterator[bytes]:
        yield head
        for _ in range(100):
            time.sleep(0.05)
            yield b"x"

    with RawServer(pieces, tls=tls) as server:
        started = time.monotonic()
        with pytest.raises(OffersServiceUnavailable, match="in time"):
            fetch(make_client(server.base_url, timeout_s=0.3), TOKEN, PRODUCT)
        assert time.monotonic() - started < 2.5

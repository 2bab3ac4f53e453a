"""No answer, however long or slow, takes more memory or time than a caller has."""

from __future__ import annotations

import time
import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import chain, repeat

import pytest

from aggregator import offers_errors
from aggregator.offers_http import MAX_BODY_BYTES
from tests.sandbox_control import SandboxControl
from tests.unit.offers_calls import (
    PRODUCT,
    TOKEN,
    Call,
    Fetch,
    both_ways,
    every_real_call,
    make_client,
)
from tests.unit.raw_server import RawServer

pytestmark = pytest.mark.waits

MIB = 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\n"


def _gzip(pieces: Iterator[bytes]) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*map(packer.compress, pieces), packer.flush()])


def _ready(sandbox: SandboxControl) -> str:
    client = make_client(sandbox.base_url)
    token = client.sign_up().value
    client.register(token, PRODUCT, "Kettle", "1.7 l")
    return token


@both_ways
def test_endless_answer_is_given_up(fetch: Fetch, sandbox: SandboxControl) -> None:
    token = _ready(sandbox)
    sandbox.faults(endless=True)
    with pytest.raises(offers_errors.OffersServiceUnavailable, match="over 5 MiB"):
        fetch(make_client(sandbox.base_url), token, PRODUCT)


@both_ways
def test_long_answer_is_refused_while_it_streams(
    fetch: Fetch,
) -> None:
    def pieces() -> Iterator[bytes]:
        return chain([OK + b"Content-Length: 1073741824\r\n\r\n"], repeat(b" " * MIB, 1024))

    with RawServer(pieces) as server:
        with pytest.raises(offers_errors.OffersServiceUnavailable, match="over 5 MiB"):
            fetch(make_client(server.base_url), TOKEN, PRODUCT)
        # The rest was on its way in the system's buffers.
        assert server.n_sent < 32 * MIB


@both_ways
@pytest.mark.parametrize(
    ("n_bytes", "expected"),
    [
        pytest.param(MAX_BODY_BYTES, "", id="at-the-limit"),
        pytest.param(MAX_BODY_BYTES + 1, "over 5 MiB", id="over-the-limit"),
    ],
)
def test_limit_is_five_mib_to_the_byte(fetch: Fetch, n_bytes: int, expected: str) -> None:
    body = b"[" + b" " * (n_bytes - 2) + b"]"
    with RawServer(lambda: [OK + b"Connection: close\r\n\r\n", body]) as server:
        told = ""
        try:
            fetch(make_client(server.base_url), TOKEN, PRODUCT)
        except offers_errors.OffersServiceUnavailable as error:
            told = str(error)
    assert told.endswith(expected)
    assert bool(told) == bool(expected)


@both_ways
@pytest.mark.parametrize("layers", [1, 2])
def test_gzip_bomb_is_refused_in_little_memory(fetch: Fetch, layers: int) -> None:
    bomb = _gzip(repeat(b" " * MIB, 200))
    for _ in range(layers - 1):
        bomb = _gzip(iter([bomb]))
    encodings = ", ".join(["gzip"] * layers)
    head = f"Content-Encoding: {encodings}\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    with RawServer(lambda: [OK + head, bomb]) as server:
        tracemalloc.start()
        with pytest.raises(offers_errors.OffersServiceUnavailable, match="over 5 MiB"):
            fetch(make_client(server.base_url), TOKEN, PRODUCT)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 40 * MIB


@both_ways
def test_compressed_answer_is_read(
    fetch: Fetch,
) -> None:
    body = _gzip(iter([b'[{"id": 1, "price": 2, "items_in_stock": 3}]']))
    head = f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with RawServer(lambda: [OK + head, body]) as server:
        [offer] = fetch(make_client(server.base_url), TOKEN, PRODUCT).offers
    assert offer.price == 2


@both_ways
def test_slow_drip_is_bounded_by_the_timeout(fetch: Fetch, sandbox: SandboxControl) -> None:
    token = _ready(sandbox)
    sandbox.faults(drip=0.05)
    started = time.monotonic()
    with pytest.raises(offers_errors.OffersServiceUnavailable, match="in time"):
        fetch(make_client(sandbox.base_url, timeout_s=0.3), token, PRODUCT)
    assert 0.3 <= time.monotonic() - started < 2.5


@both_ways
@pytest.mark.parametrize(
    ("head", "dripped"),
    [
        pytest.param(OK + b"\r\n[", b" ", id="body"),
        # A flag announces a file name, which ends with a NUL: nothing is unpacked before.
        pytest.param(
            OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08" + bytes(6),
            b"n",
            id="gzip-header",
        ),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x", id="chunk-extension"),
        pytest.param(OK + b"X-Slow: ", b"x", id="response-header"),
    ],
)
def test_trickle_that_gives_nothing_to_read_is_bounded_too(
    fetch: Fetch, head: bytes, dripped: bytes
) -> None:
    def pieces() -> Iterator[bytes]:
        yield head
        for _ in range(100):
            time.sleep(0.05)
            yield dripped

    with RawServer(pieces) as server:
        started = time.monotonic()
        with pytest.raises(offers_errors.OffersServiceUnavailable):
            fetch(make_client(server.base_url, timeout_s=0.3), TOKEN, PRODUCT)
        assert time.monotonic() - started < 2.5


@every_real_call
def test_late_answer_is_not_waited_for(sandbox: SandboxControl, call: Call) -> None:
    sandbox.faults(latency_ms=4000)
    started = time.monotonic()
    with pytest.raises(
        offers_errors.OffersServiceUnavailable, match="did not answer in time"
    ) as caught:
        call(make_client(sandbox.base_url, timeout_s=0.2))
    assert time.monotonic() - started < 2.5
    assert not isinstance(caught.value, offers_errors.OffersServiceUnreachable)

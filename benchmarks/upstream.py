"""A stand-in for the offers service that costs next to nothing: thousands of answers a second.

It speaks the current generation, knows every product, checks no token, and keeps the instants at
which each product was asked for. Started by the benchmarks, as a process of its own:

    python -m benchmarks.upstream --port 8082 --latency-ms 20
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from collections import defaultdict
from itertools import count
from typing import cast

import msgspec

_BASE = "/api/v1"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
#: Prices and stocks repeat together only after over a million requests: 4,999 and 307 are prime.
_PRICES, _STOCKS = 4999, 307


class Stub:
    """What is answered, and what is remembered of it.

    :param changing: whether every request finds all offers changed.
    """

    def __init__(self, *, n_offers: int, latency_s: float, changing: bool) -> None:
        self.latency_s = latency_s
        self._n_offers = n_offers
        self._moments = count(1) if changing else None
        self._n_polls = 0
        self._polls: dict[str, list[float]] = defaultdict(list)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes, float]:
        """Return status and body of an answer, and after how many seconds it is sent."""
        if path.endswith("/offers"):
            return 200, self._offers(path.split("/")[-2]), self.latency_s
        match method, path.removeprefix(_BASE):
            case "POST", "/auth":
                return 201, b'{"access_token": "good-for-ever"}', self.latency_s
            case "POST", "/products/register":
                product = msgspec.json.decode(body)
                return 201, msgspec.json.encode({"id": product["id"]}), self.latency_s
            case "GET", "/control/count":
                return 200, b"%d" % self._n_polls, 0.0
            case "GET", "/control/polls":
                return 200, msgspec.json.encode(self._polls), 0.0
        return 404, b'{"detail": "Not Found"}', 0.0

    def _offers(self, product_id: str) -> bytes:
        self._n_polls += 1
        self._polls[product_id].append(time.time())
        moment = next(self._moments) if self._moments else 0
        stem = product_id[:32].encode()
        offers = (
            b'{"id":"%s%04x","price":%d,"items_in_stock":%d}'
            % (stem, i, 20_000 + (moment * 7 + i * 13) % _PRICES, 20 + (moment + i) % _STOCKS)
            for i in range(self._n_offers)
        )
        return b"[%s]" % b",".join(offers)


class Connection(asyncio.Protocol):
    """One connection, kept for as many requests as the client likes."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of where answers go."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer all requests that are complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            length = _LENGTH.search(head) if head.startswith(b"POST") else None
            after = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < after:
                return
            self._answer(head, self._received[end + 4 : after])
            self._received = self._received[after:]

    def _answer(self, head: bytes, body: bytes) -> None:
        method, path, _ = head.decode("latin-1").split(" ", 2)
        status, answer, latency_s = self._stub.answer(method, path, body)
        response = (
            b"HTTP/1.1 %d Told\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (status, len(answer), answer)
        )
        if latency_s:
            asyncio.get_running_loop().call_later(latency_s, self._transport.write, response)
        else:
            self._transport.write(response)


async def serve(stub: Stub, port: int) -> None:
    """Answer on a port of this host until the process ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(stub), "127.0.0.1", port, backlog=1000)
    await server.serve_forever()


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--offers", type=int, default=8, help="of each product")
    parser.add_argument("--latency-ms", type=int, default=0)
    parser.add_argument("--unchanging", action="store_true", help="always tell the same offers")
    options = parser.parse_args()
    stub = Stub(
        n_offers=options.offers,
        latency_s=options.latency_ms / 1000,
        changing=not options.unchanging,
    )
    asyncio.run(serve(stub, options.port))


if __name__ == "__main__":
    main()

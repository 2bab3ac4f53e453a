"""The load: clients who read and write over HTTP all the while, and bear with an outage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, cycle
from typing import Any
from uuid import UUID, uuid4

import requests

from tests.e2e.beside import beside
from tests.e2e.conftest import Web
from tests.e2e.reader import Reader

#: Between two calls of one client.
PAUSE_S = 0.02
#: Every so many writes create a product; the others edit one.
CREATE_EVERY = 20


class Clients:
    """One who reads histories, one who looks around, and one who writes.

    They take no for an answer only where it is 503 with ``Retry-After``. Who writes tries again
    until it is done.

    :param reader: of the products that are there; what is created is added to it.
    :param edits: whether those products are edited too. An edit of a product that waits to be
        registered discards the attempt that is under way for it.
    """

    def __init__(self, web: Web, reader: Reader, *, edits: bool = True) -> None:
        self._web = web
        self._reader = reader
        self._edits = edits
        self._texts: dict[UUID, str] = {}
        self._numbers = count()
        self._sights = cycle(
            ["/products?limit=200", "/movers"]
            + [
                f"/products/{product_id}{of_it}"
                for product_id in reader.told
                for of_it in ("", "/offers", "/trend?period=1h")
            ]
        )
        self._turns = cycle(list(reader.told))
        self.refusals = 0
        """How often the answer was 503."""

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Read and write until the block ends."""
        with beside(self._read, self._look_around, self._write, pause_s=PAUSE_S):
            yield

    def check(self) -> None:
        """Check that all that was written is there, once."""
        listed: dict[str, str] = {}
        path = "/products?limit=200"
        while path:
            page = self._web.get(path)
            listed |= {product["id"]: product["description"] for product in page["items"]}
            path = (page["links"]["next"] or "").removeprefix("/api/v1")
        assert listed.keys() == {str(product_id) for product_id in self._reader.told}
        written = {str(product_id): text for product_id, text in self._texts.items()}
        assert listed.items() >= written.items()

    def _read(self) -> None:
        try:
            self._reader.read(next(self._turns))
        except requests.HTTPError as error:
            self._bear_with(error.response)
        except requests.exceptions.ChunkedEncodingError:
            # A history that broke off says so, and is read again.
            self.refusals += 1

    def _look_around(self) -> None:
        response = self._web.call("GET", next(self._sights))
        if response.status_code != requests.codes.ok:
            self._bear_with(response)

    def _write(self) -> None:
        number = next(self._numbers)
        text = f"Text {number}"
        if number % CREATE_EVERY == 0:
            product_id = uuid4()
            new = {"id": str(product_id), "name": f"Product {number}", "description": text}
            # Where the answer to the first try was lost, it is there already.
            self._insist("POST", "/products", new, {201, 409})
            self._reader.told[product_id] = []
            self._texts[product_id] = text
        elif self._edits:
            product_id = next(self._turns)
            self._insist("PATCH", f"/products/{product_id}", {"description": text}, {200})
            self._texts[product_id] = text

    def _insist(self, method: str, path: str, body: dict[str, Any], done: set[int]) -> None:
        while (response := self._web.call(method, path, json=body)).status_code not in done:
            self._bear_with(response)
            time.sleep(PAUSE_S)

    def _bear_with(self, response: requests.Response) -> None:
        assert response.status_code == requests.codes.unavailable, response.text
        assert int(response.headers["Retry-After"]) > 0
        self.refusals += 1

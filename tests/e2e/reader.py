"""A client that reads histories while they are written and sealed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from uuid import UUID

from sqlalchemy import Engine

from tests.e2e.beside import beside
from tests.e2e.conftest import Web
from tests.e2e.stored_history import find_torn


class Reader:
    """Somebody who reads histories over and over: what was told once must stay as it was."""

    def __init__(self, web: Web, engine: Engine, product_ids: Sequence[UUID]) -> None:
        self._web = web
        self._engine = engine
        self.told: dict[UUID, list[str]] = {product_id: [] for product_id in product_ids}

    def read(self, product_id: UUID) -> list[str]:
        """Return all events of a product, a line each; fail where they do not go on as before."""
        path = f"/products/{product_id}/history?format=ndjson"
        response = self._web.call("GET", path)
        response.raise_for_status()
        lines, before = response.text.splitlines(), self.told[product_id]
        assert lines[: len(before)] == before, "a fact was lost, told twice, or changed"
        self.told[product_id] = lines
        return lines

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read all products in turn, all the while; no row may tell of half a transaction."""
        turns = cycle(self.told)

        def read_next() -> None:
            self.read(next(turns))
            assert not find_torn(self._engine)

        with beside(read_next):
            yield

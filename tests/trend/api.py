"""The product asked over HTTP about histories that its own code stored."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.conftest import MakeApp
from tests.factories import make_product, observe, seal_history
from tests.integration.api import PRODUCTS, fetch
from tests.trend.answer import EPOCH, Question, text
from tests.trend.reference import History


class TrendApi:
    """The product on one database. It considers data stale as each history says."""

    def __init__(self, engine: Engine, make_app: MakeApp) -> None:
        self.engine = engine
        self._make_app = make_app
        self._clients: dict[int, FlaskClient] = {}

    def client(self, stale_after: int) -> FlaskClient:
        """Return a client of an application with that setting, in milliseconds."""
        if stale_after not in self._clients:
            app = self._make_app(stale_after_s=stale_after / 1000)
            self._clients[stale_after] = app.test_client()
        return self._clients[stale_after]

    def observe(self, product_id: UUID, history: History) -> None:
        """Store what the polls of a history saw."""
        for at, offers in history.polls:
            observe(
                self.engine,
                product_id,
                offers,
                at=to_datetime(at),
                stale_after=timedelta(milliseconds=history.stale_after),
            )

    @contextmanager
    def stored(self, history: History, n_sealed: int = 0, **seal: timedelta) -> Iterator[UUID]:
        """Store a history for a while; seal what can be sealed after so many of its polls."""
        product_id = make_product(self.engine)
        self.observe(product_id, replace(history, polls=history.polls[:n_sealed]))
        if n_sealed:
            seal_history(self.engine, **seal)
        self.observe(product_id, replace(history, polls=history.polls[n_sealed:]))
        yield product_id
        # Sealing goes through all products: those of former examples would make it slow.
        response = self.client(history.stale_after).delete(f"{PRODUCTS}/{product_id}")
        assert response.status_code == 204

    def answer(self, product_id: UUID, history: History, question: Question) -> dict[str, Any]:
        """Ask about a history; leave out the links."""
        query = query_of(question)
        found = self.trend(product_id, history.stale_after, query, question.offer_id)
        del found["links"]
        return found

    def trend(
        self, product_id: UUID, stale_after: int, query: Mapping[str, str], offer_id: UUID | None
    ) -> dict[str, Any]:
        """Ask for a trend; in the answer, zero is never negative."""
        path = f"{product_id}/offers/{offer_id}/trend" if offer_id else f"{product_id}/trend"
        answered = fetch(self.client(stale_after), f"{path}?{urlencode(query)}")
        zeros = [number for number in numbers(answered) if number == 0]
        assert all(math.copysign(1, zero) > 0 for zero in zeros)
        return answered


def to_datetime(at: int) -> datetime:
    """Return an instant as the product takes it."""
    return EPOCH + timedelta(milliseconds=at)


def query_of(question: Question) -> dict[str, str]:
    """Return a question's parameters; a single offer has no aggregate."""
    query = {"from": text(question.start), "to": text(question.end), "tz": question.tz}
    query |= {"endpoints": question.endpoints, "interval": question.interval}
    return query if question.offer_id else query | {"aggregate": question.aggregate}


def numbers(answered: Any) -> Iterator[float]:
    """Yield all numbers of an answer."""
    if isinstance(answered, dict | list):
        for item in answered.values() if isinstance(answered, dict) else answered:
            yield from numbers(item)
    elif isinstance(answered, int | float):
        yield answered

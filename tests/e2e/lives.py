"""Pollers that live one after another, what each was served, and what is stored of it."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID

from aggregator.clock import to_ms
from tests.e2e.processes import Process
from tests.e2e.replay import Replay

#: Price and stock of each listed offer.
Figures = Mapping[UUID, tuple[int, int]]


class Life(NamedTuple):
    """One poller, from the moment it began to work. Instants are milliseconds since 1970."""

    began_at: int
    """By the true clock."""
    began_at_its: int
    """By its own clock."""

    @classmethod
    def of(cls, poller: Process, behind: timedelta = timedelta(0)) -> Self:
        """Return the life of a poller that has told of its start.

        :param behind: how far its clock is behind.
        """
        said = next(line for line in poller.said().splitlines() if "poller_started" in line)
        began_at = datetime.fromisoformat(json.loads(said)["timestamp"])
        return cls(to_ms(began_at), to_ms(began_at - behind))


def served_by_life(
    log: Iterable[Mapping[str, Any]], lives: Sequence[Life]
) -> dict[UUID, list[list[Figures]]]:
    """Return what each life was served of each product, in order.

    :param log: of the sandbox.
    """
    began_at = [life.began_at for life in lives]
    served: dict[UUID, list[list[Figures]]] = defaultdict(lambda: [[] for _ in lives])
    for entry in log:
        assert entry["status"] == 200
        figures = {UUID(o["id"]): (o["price"], o["items_in_stock"]) for o in entry["offers"]}
        life = bisect_right(began_at, entry["at"] * 1000) - 1
        served[UUID(entry["product_id"])][life].append(figures)
    return served


def seen_by_life(replay: Replay, lives: Sequence[Life]) -> list[list[Figures]]:
    """Return what the stored polls of each life saw of a product, in order."""
    began_at = [life.began_at_its for life in lives]
    seen: list[list[Figures]] = [[] for _ in lives]
    for poll in replay.polls:
        listing = replay.listing_at(poll)
        figures = {id_: (offer.price, offer.items_in_stock) for id_, offer in listing.items()}
        seen[bisect_right(began_at, poll) - 1].append(figures)
    return seen

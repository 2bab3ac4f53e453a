"""A catalogue with everything that lists sort and filter by, and what lists of it must hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.words import fold
from tests.factories import make_product, observe
from tests.integration.api import PRODUCTS, fetch

NAMES = ("Žehlička", "zebra", "Zebra", "apple", "Äpple", "banán", "Banana", "čaj", "Ωmega", "電気")
LONG_AGO = utc_now() - timedelta(days=1)
Item = dict[str, Any]

_KEYS: dict[str, Callable[[Item], Any]] = {
    "created_at": itemgetter("created_at"),
    "updated_at": itemgetter("updated_at"),
    "name": lambda item: fold(item["name"]),
    "best_price": itemgetter("best_price"),
}


def set_price(engine: Engine, product_id: UUID, price: int | None) -> None:
    """Let a poll see the only offer of a product at a price, or sold out."""
    offer = (1, 0) if price is None else (price, 1)
    observe(engine, product_id, {UUID(int=1): offer})


def fill(engine: Engine, client: FlaskClient, n: int = 24) -> list[Item]:
    """Add products that share names, instants and prices, a third of them without a price.

    Every fourth was never polled, and so it is not registered. Return all as the API tells them.
    """
    for number in range(1, n + 1):
        product_id = make_product(
            engine,
            product_id=UUID(int=number * 7919 % 10007),
            name=NAMES[number * 3 % len(NAMES)],
            description=f"number {number}",
            created_at=LONG_AGO + timedelta(seconds=number * 5 % 7),
        )
        if number % 4:
            set_price(engine, product_id, number % 5 * 10 if number % 3 else None)
        if number % 5 == 0:
            client.patch(f"{PRODUCTS}/{product_id}", json={"description": f"edited {number}"})
    items: list[Item] = fetch(client, f"{PRODUCTS}?limit=200")["items"]
    assert len(items) == n
    return items


def in_order(items: list[Item], sort: str) -> list[str]:
    """Return the ids of items sorted as the API promises."""
    key = _KEYS[sort.removeprefix("-")]
    ordered = sorted(items, key=itemgetter("id"))
    priced = [item for item in ordered if key(item) is not None]
    priced.sort(key=key, reverse=sort.startswith("-"))
    nulls = [item for item in ordered if key(item) is None]
    return [item["id"] for item in priced + nulls]

"""What lists of a large catalogue cost: far behind as in front, sorted, filtered and searched.

Each list is asked for in turn with the first page of the plain one, and told as a ratio to it;
far behind is page 1,000 of 50:

    make bench-lists
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.engines import engine_options
from aggregator.models import Product, ProductSync
from aggregator.services.catalogue import SORTS
from aggregator.services.search import derive_columns
from benchmarks.client import Client
from benchmarks.generator import vacuum
from benchmarks.rig import database
from benchmarks.server import Server, percentile

PRODUCTS = "/api/v1/products"
_WARM_UP = 5
_MINUTE = timedelta(minutes=1)
_PAGES = 1000
#: One product in 10,000 has the first word, and every other one the second.
_OTHERS = (
    "q=rare",
    "q=rare&sort=name",
    "q=frequent",
    "q=frequent&sort=name",
    "q=frequent+name99",
    "in_stock=true",
    "min_price=90000&sort=best_price",
    "include=total",
)


def main() -> None:
    """Measure, and print a table: medians as multiples of the plain list's first page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=50, help="that each list is asked for")
    options = parser.parse_args()
    for kind in ("postgresql", "sqlite"):
        with ExitStack() as stack:
            url = database(stack, kind)
            fill(url, options.products)
            client = Client(Server(stack, url).port)
            stack.callback(client.close)
            measure(client, kind, options.times)


def measure(client: Client, kind: str, n_times: int) -> None:
    """Print a row a list."""
    print(f"| {kind} | first page | page {_PAGES:,} |")
    print("|---|---|---|")
    for sort in SORTS:
        query = f"sort={sort}"
        paths = (f"{PRODUCTS}?{query}", find_page(client, query, _PAGES))
        near, far = (compare(client, path, n_times) for path in paths)
        print(f"| {query} | {near} | {far} |", flush=True)
    for query in _OTHERS:
        print(f"| {query} | {compare(client, f'{PRODUCTS}?{query}', n_times)} | |", flush=True)


def find_page(client: Client, query: str, number: int) -> str:
    """Return the address of a page of 50 by walking there, four pages a step where it can be."""
    n_strides, n_steps = divmod(number - 1, 4)
    path = f"{PRODUCTS}?{query}&limit=200"
    for _ in range(n_strides):
        path = client.get(path)["links"]["next"]
    path = path.replace("limit=200", "limit=50")
    for _ in range(n_steps):
        path = client.get(path)["links"]["next"]
    return path


def compare(client: Client, path: str, n_times: int) -> str:
    """Return how many times as long as the plain first page a page takes, and how long it takes."""
    plain, asked = medians_ms(client, (PRODUCTS, path), n_times)
    return f"{asked / plain:.2f} ({asked:.1f} ms)"


def medians_ms(client: Client, paths: Sequence[str], n_times: int) -> list[float]:
    """Return how long each of some paths takes, asked for in turn."""
    took: list[list[float]] = [[] for _ in paths]
    for _ in range(n_times + _WARM_UP):
        for path, times in zip(paths, took, strict=True):
            times.append(client.time_ms(path))
    return [percentile(times[_WARM_UP:], 50) for times in took]


def fill(url: str, n: int) -> None:
    """Write a catalogue in which every tenth product has no price, and many share theirs."""
    engine = create_engine(url, **engine_options(url))
    random = Random("lists")
    with unit_of_work(engine) as session:
        for start in range(0, n, 1000):
            write_products(session, random, range(start, start + 1000))
    vacuum(engine)
    engine.dispose()


def write_products(session: Session, random: Random, numbers: range) -> None:
    """Write products, the older the lower their numbers are."""
    now = utc_now()
    products, syncs = [], []
    for number in numbers:
        product_id, price = UUID(int=random.getrandbits(128)), random.randrange(100_000)
        # What was created together has one instant.
        created_at = now - timedelta(days=365) + number // 20_000 * _MINUTE
        text = {
            "name": f"Name{random.randrange(1000)} {random.choice(['', 'frequently'])}",
            "description": f"{words(random)} {'rarely' if number % 10_000 == 0 else ''}",
        }
        products.append(
            {"id": product_id, "created_at": created_at, "updated_at": created_at, "version": 1}
            | text
            | derive_columns(**text)
        )
        syncs.append(
            {"product_id": product_id, "due_at": now, "registered_at": now, "checked_at": now}
            | {"failures": 0}
            | ({"best_price": price, "offers_count": 3} if number % 10 else no_price())
        )
    session.execute(insert(Product), products)
    session.execute(insert(ProductSync), syncs)


def words(random: Random) -> str:
    """Return twenty words, each of which some products have."""
    return " ".join(f"word{random.randrange(20_000)}" for _ in range(20))


def no_price() -> dict[str, Any]:
    """Return the columns of a product of which nothing is buyable."""
    return {"best_price": None, "offers_count": 0}


if __name__ == "__main__":
    main()

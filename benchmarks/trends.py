"""How long the web server takes to answer questions about the past, and whether age matters.

Each product has 8 offers, all of which change every minute. Questions are of random instants
and come one after another, to each product in turn:

    make bench-trends
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import create_engine

from aggregator.clock import to_ms, utc_now
from aggregator.engines import engine_options
from aggregator.schemas.numbers import format_ms
from benchmarks.generator import Watched, seal_hours, vacuum, write_years
from benchmarks.rig import database
from benchmarks.server import Server, percentile

_WARM_UP = 10


@dataclass(frozen=True)
class Question:
    """Something to ask about a random stretch of the past."""

    name: str
    days: float
    """How long the stretch is."""
    path: str
    """Below a product's, with places for ``start`` and ``end``."""

    def ask(self, random: Random, product: Product) -> float:
        """Return the milliseconds until the answer is complete."""
        length = timedelta(days=self.days)
        end = product.end - random.random() * (product.end - product.start - length)
        period = {"start": format_ms(to_ms(end - length)), "end": format_ms(to_ms(end))}
        return product.server.time_ms(product.path + self.path.format(**period))


@dataclass(frozen=True)
class Product:
    """A product, in a database of its own, and who answers for it."""

    server: Server
    path: str
    start: datetime
    end: datetime


_TREND = "/trend?from={start}&to={end}"
_QUESTIONS = [
    Question("offers at an instant", 0, "/offers?at={end}"),
    Question("24 hours by 5 minutes", 1, _TREND + "&interval=PT5M"),
    Question("30 days by 6 hours", 30, _TREND),
    Question("49 days by 6 hours", 49, _TREND),
    Question("a year by weeks", 364, _TREND),
    Question("a year by days", 364, _TREND + "&interval=P1D"),
]


def main() -> None:
    """Measure, and print a table: median and 95th percentile in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--days", type=int, nargs="+", default=[31, 366, 731])
    parser.add_argument("--times", type=int, default=200, help="that each question is asked")
    options = parser.parse_args()
    end = utc_now().replace(minute=0, second=0, microsecond=0)
    starts = [end - timedelta(days=days) for days in options.days]
    print("| question | detail |", *(f"{days} days stored |" for days in options.days))
    print("|---|---|" + "---|" * len(starts), flush=True)
    with ExitStack() as stack:
        urls = [database(stack, options.database) for _ in starts]
        with ProcessPoolExecutor() as pool:
            paths = list(pool.map(write, urls, starts, [end] * len(urls)))
        products = [
            Product(Server(stack, url), path, start, end)
            for url, path, start in zip(urls, paths, starts, strict=True)
        ]
        measure(products, options.times, "all")
        for url in urls:
            drop_old_detail(url, end)
        measure(products, options.times, "90 days")


def write(url: str, start: datetime, end: datetime) -> str:
    """Write a product's history, all its detail kept; return the product's path."""
    engine = create_engine(url, **engine_options(url))
    watched = Watched(engine, "Product", start)
    write_years(engine, [watched], start, end)
    vacuum(engine)
    engine.dispose()
    return f"/api/v1/products/{watched.product_id}"


def drop_old_detail(url: str, end: datetime) -> None:
    """Drop the detail that is older than 90 days, as the poller does."""
    engine = create_engine(url, **engine_options(url))
    seal_hours(engine, end + timedelta(hours=2), detail_for=timedelta(days=90))
    vacuum(engine)
    engine.dispose()


def measure(products: Sequence[Product], n_times: int, detail: str) -> None:
    """Print a row a question."""
    random = Random(detail)
    for question in _QUESTIONS:
        cells = " | ".join(_cells(question, products, n_times, random))
        print(f"| {question.name} | {detail} | {cells} |", flush=True)


def _cells(
    question: Question, products: Sequence[Product], n_times: int, random: Random
) -> Iterator[str]:
    longest = timedelta(days=question.days)
    able = [product for product in products if product.end - product.start > longest]
    times: dict[str, list[float]] = {product.path: [] for product in able}
    for _ in range(n_times + _WARM_UP):
        for product in able:
            times[product.path].append(question.ask(random, product))
    for product in products:
        took = times.get(product.path, [])[_WARM_UP:]
        yield f"{percentile(took, 50):.0f} / {percentile(took, 95):.0f}" if took else ""


if __name__ == "__main__":
    main()

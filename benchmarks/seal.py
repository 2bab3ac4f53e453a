"""How many hours of products the poller seals in a second of one core.

make bench-seal
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from datetime import timedelta
from threading import Event

from sqlalchemy import Engine, create_engine, func, select

from aggregator import log
from aggregator.clock import utc_now
from aggregator.engines import engine_options
from aggregator.models import PriceDetail
from aggregator.settings import Settings
from benchmarks.generator import MINUTE, Watched, write_polls
from benchmarks.rig import database
from poller.metrics import PollerMetrics
from poller.seal_job import SealJob


def main() -> None:
    """Measure, and print one line a database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=20, help="8 offers each")
    parser.add_argument("--hours", type=int, default=24)
    options = parser.parse_args()
    print("| database | hours | a second of the poller's CPU | a second |")
    print("|---|---|---|---|")
    for kind in ("sqlite", "postgresql"):
        with ExitStack() as stack:
            url = database(stack, kind)
            engine = create_engine(url, **engine_options(url))
            stack.callback(engine.dispose)
            write_backlog(engine, options.products, timedelta(hours=options.hours))
            log.configure("warning", "json")
            measure(engine, Settings(database_url=url))


def write_backlog(engine: Engine, n_products: int, length: timedelta) -> None:
    """Write hours that are over, and seal none of them."""
    end = utc_now().replace(minute=0, second=0, microsecond=0)
    watched = [Watched(engine, f"Product {i}", end - length) for i in range(n_products)]
    # It takes a poll after an hour to know that the hour is over.
    write_polls(engine, watched, end + MINUTE)


def measure(engine: Engine, settings: Settings) -> None:
    """Seal it all as the poller does, and print the figures."""
    job = SealJob(settings, engine, Event(), PollerMetrics())
    begun, cpu_begun = time.monotonic(), time.process_time()
    job.run_all()
    elapsed_s, cpu_s = time.monotonic() - begun, time.process_time() - cpu_begun
    with engine.connect() as connection:
        n_hours = connection.scalar(select(func.count()).select_from(PriceDetail)) or 0
    print(f"| {engine.name} | {n_hours} | {n_hours / cpu_s:.0f} | {n_hours / elapsed_s:.0f} |")


if __name__ == "__main__":
    main()

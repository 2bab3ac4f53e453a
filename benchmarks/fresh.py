"""What it costs one poller to keep a catalogue fresh: CPU, and how old the data gets.

Starts a PostgreSQL server (or takes SQLite), the sandbox with a latency and one poller, as
real processes, lets the first round pass, and measures the poller from outside:

    make bench-fresh
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import psutil
from sqlalchemy import Engine, create_engine, text

from aggregator import create_app
from aggregator.clock import utc_now
from aggregator.db import db, unit_of_work
from aggregator.services import products
from aggregator.settings import Settings
from benchmarks.rig import cpu_s, database, start
from tests.e2e.processes import POLLER, environ, free_port


def main() -> None:
    """Measure, and print one line a database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=750, help="3 to 8 offers each")
    parser.add_argument("--latency-ms", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=3)
    options = parser.parse_args()
    for kind in ("sqlite", "postgresql"):
        with ExitStack() as stack:
            print(kind, measure(stack, kind, options), flush=True)


def measure(stack: ExitStack, kind: str, options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures for one kind of database."""
    url = database(stack, kind)
    port = free_port()
    start(stack, "-m", "sandbox", "--port", str(port), "--latency-ms", str(options.latency_ms))
    settings = environ(url, f"http://127.0.0.1:{port}/api/v1", POLL_INTERVAL_S="60")
    fill(url, options.products)
    poller = psutil.Process(start(stack, *POLLER[1:], **settings).pid)
    engine = create_engine(url)
    stack.callback(engine.dispose)
    started = time.monotonic()
    while oldest(engine) is None:
        time.sleep(0.1)
    first_round_s = time.monotonic() - started
    # A product's second poll comes at its own phase, up to one and a half intervals on.
    time.sleep(90)
    cpu, begun, ages = cpu_s(poller), time.monotonic(), []
    while time.monotonic() < begun + options.minutes * 60:
        time.sleep(1)
        ages.append((utc_now() - (oldest(engine) or utc_now())).total_seconds())
    spent_s, elapsed_s = cpu_s(poller) - cpu, time.monotonic() - begun
    with engine.connect() as connection:
        offers = connection.scalar(text("SELECT count(*) FROM offers WHERE ended_at IS NULL"))
    return {
        "products": options.products,
        "listed_offers": offers,
        "core_percent": round(100 * spent_s / elapsed_s, 1),
        "memory_mb": round(poller.memory_info().rss / 1e6),
        "first_round_s": round(first_round_s, 1),
        "oldest_poll_s": round(max(ages), 1),
    }


def fill(url: str, n: int) -> None:
    """Create products that are due at once."""
    app = create_app(Settings(database_url=url, log_level="warning"))
    with app.app_context():
        with unit_of_work() as session:
            for i in range(n):
                products.create_product(
                    session, product_id=None, name=f"Product {i}", description="", now=utc_now()
                )
            session.execute(text("UPDATE product_sync SET due_at = '2020-01-01 00:00:00+00:00'"))
        db.engine.dispose()


def oldest(engine: Engine) -> datetime | None:
    """Return the instant of the oldest last poll, None where a product was never polled."""
    query = (
        "SELECT CASE WHEN count(*) = count(checked_at) THEN min(checked_at) END FROM product_sync"
    )
    with engine.connect() as connection:
        found = connection.scalar(text(query))
    if found is None:
        return None
    instant = datetime.fromisoformat(str(found))
    return instant if instant.tzinfo else instant.replace(tzinfo=utc_now().tzinfo)


if __name__ == "__main__":
    main()

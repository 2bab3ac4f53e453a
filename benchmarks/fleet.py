"""Several pollers on one PostgreSQL: how they share the work, and what happens when one dies.

First every product is due, and 1, 2 and 4 pollers of 4 requests at once each poll as fast as they
can, the upstream taking 20 ms. Then 4 of them keep a catalogue fresh that they can easily keep
up with, and one is killed. All of it on PostgreSQL itself and through PgBouncer in transaction
mode, where that is installed:

    make bench-fleet
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median

from sqlalchemy import Engine, text

from aggregator.services.claims import LEASE
from benchmarks.rig import Upstream, catalogue, database, make_due, start_poller
from tests.pgbouncer import find_pgbouncer, running_pgbouncer
from tests.waiting import wait_until

_SIZES = (1, 2, 4)
_TARGETS = {1: "", 2: "1.8", 4: "3.2"}
_CONCURRENCY = "4"
#: Connections to the database behind PgBouncer.
_POOL_SIZE = 10
#: A poller looks for what is due once a second; on a busy machine it may come late.
_SLACK_S = 5.0
#: Before a poller is killed.
_CALM_INTERVALS = 4


def main() -> None:
    """Measure, and print two tables for each way to the database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=20_000, help="due at once")
    parser.add_argument("--seconds", type=float, default=10, help="that throughput is measured for")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fresh-products", type=int, default=2000, help="kept fresh")
    parser.add_argument("--interval", type=int, default=10, help="of those, POLL_INTERVAL_S")
    parser.add_argument("--latency-ms", type=int, default=20)
    options = parser.parse_args()
    binary = find_pgbouncer()
    for bouncer in (None, binary) if binary else (None,):
        print(f"Through PgBouncer, {_POOL_SIZE} connections" if bouncer else "PostgreSQL itself")
        measure_throughput(options, bouncer)
        measure_freshness(options, bouncer)
    if binary is None:
        print("PgBouncer is not installed")


def measure_throughput(options: argparse.Namespace, bouncer: str | None) -> None:
    """Print how many products so many pollers poll in a second."""
    with ExitStack() as stack:
        url, engine = new_catalogue(stack, options.products, bouncer)
        upstream = Upstream(stack, "--latency-ms", str(options.latency_ms))
        rates: dict[int, list[float]] = {size: [] for size in _SIZES}
        for _ in range(options.rounds):
            for size, of_size in rates.items():
                of_size.append(throughput(url, engine, upstream, size, options.seconds))
    print("\n| pollers | products a second | times one poller's | target |")
    print("|---|---|---|---|")
    one = median(rates[1])
    for size, of_size in rates.items():
        rate = median(of_size)
        print(f"| {size} | {rate:,.0f} | {rate / one:.2f} | {_TARGETS[size]} |", flush=True)


def throughput(url: str, engine: Engine, upstream: Upstream, size: int, seconds: float) -> float:
    """Return how many products a second so many pollers poll while all are due."""
    with ExitStack() as stack:
        make_due(engine)
        before = upstream.count()
        start_pollers(stack, url, upstream, size, interval_s=3600)
        # Each of them has begun by then.
        wait_until(lambda: upstream.count() >= before + 200 * size, timeout_s=60)
        time.sleep(2)
        count, begun = upstream.count(), time.monotonic()
        time.sleep(seconds)
        count, elapsed_s = upstream.count() - count, time.monotonic() - begun
    return count / elapsed_s


def measure_freshness(options: argparse.Namespace, bouncer: str | None) -> None:
    """Print whether each product was polled once an interval, also when a poller was killed."""
    interval_s, size = options.interval, max(_SIZES)
    with ExitStack() as stack:
        url, engine = new_catalogue(stack, options.fresh_products, bouncer)
        upstream = Upstream(stack, "--latency-ms", str(options.latency_ms))
        start_pollers(stack, url, upstream, size - 1, interval_s=interval_s)
        [victim] = start_pollers(stack, url, upstream, 1, interval_s=interval_s)
        # A product's second poll comes at its own phase, up to one and a half intervals on.
        wait_until(lambda: len(upstream.polls()) == options.fresh_products, timeout_s=120)
        time.sleep(1.5 * interval_s + _SLACK_S)
        begun = time.time()
        time.sleep(_CALM_INTERVALS * interval_s)
        calm_ended = killed_at = time.time()
        while not (n_taken := kill(victim, engine, interval_s)):
            [victim] = start_pollers(stack, url, upstream, 1, interval_s=interval_s)
            time.sleep(_SLACK_S)
            killed_at = time.time()
        time.sleep(LEASE.total_seconds() + 2 * interval_s)
        ended, polls = time.time(), upstream.polls()

    calm = [within(instants, begun, calm_ended) for instants in polls.values()]
    through = [[*within(instants, begun, ended), ended] for instants in polls.values()]
    late = [instants for instants in through if max(gaps([instants])) > 2 * interval_s]
    made_up_s = max((end_of_gap(instants) - killed_at for instants in late), default=0.0)
    rows = {
        f"polls of each in {_CALM_INTERVALS} intervals, at least | {min(map(len, calm))}": (
            f"≥ {_CALM_INTERVALS - 1}"
        ),
        f"shortest between two of one product, s | {min(gaps(calm)):.1f}": f"≥ {interval_s / 2}",
        f"longest between two of one product, s | {max(gaps(calm)):.1f}": "",
        f"products that a killed poller had taken | {n_taken}": "",
        f"the last of them polled, s after the kill | {made_up_s:.1f}": f"≤ {LEASE.seconds} + 1",
        f"oldest poll through it all, s | {max(gaps(through)):.1f}": "",
    }
    print(f"\n| {size} pollers, {len(polls):,} products every {interval_s} s | measured | target |")
    print("|---|---|---|")
    for row, target in rows.items():
        print(f"| {row} | {target} |")
    print(flush=True)


def kill(victim: subprocess.Popen[bytes], engine: Engine, interval_s: int) -> int:
    """Kill a poller; return how many products it had taken and left."""
    victim.kill()
    victim.wait()
    time.sleep(_SLACK_S)
    # What the others have taken since is younger, or stored and due within an interval and a half.
    left = text(
        "SELECT count(*) FROM product_sync WHERE due_at > now() + :next"
        " AND due_at < now() + :oldest_lease"
    )
    limits = {
        "next": timedelta(seconds=1.6 * interval_s),
        "oldest_lease": LEASE - timedelta(seconds=_SLACK_S - 1),
    }
    with engine.connect() as connection:
        return connection.scalar(left, limits) or 0


def new_catalogue(stack: ExitStack, n_products: int, bouncer: str | None) -> tuple[str, Engine]:
    """Make a catalogue; return the URL for pollers, and an engine on the database itself."""
    url = database(stack, "postgresql")
    engine = catalogue(stack, url, n_products)
    if bouncer is None:
        return url, engine
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    running = running_pgbouncer(bouncer, folder, url, pool_size=_POOL_SIZE)
    return stack.enter_context(running).url, engine


def start_pollers(
    stack: ExitStack, url: str, upstream: Upstream, size: int, *, interval_s: int
) -> list[subprocess.Popen[bytes]]:
    """Start pollers of few requests at once; they end with the stack."""
    settings = {"POLL_INTERVAL_S": str(interval_s), "POLL_CONCURRENCY": _CONCURRENCY}
    return [start_poller(stack, url, upstream.base_url, **settings) for _ in range(size)]


def within(instants: Iterable[float], begun: float, ended: float) -> list[float]:
    """Return the instants of a period."""
    return [at for at in instants if begun <= at < ended]


def gaps(polls: Iterable[Sequence[float]]) -> list[float]:
    """Return how long it was between any two polls of one product, in seconds."""
    return [after - before for instants in polls for before, after in pairwise(instants)]


def end_of_gap(instants: Sequence[float]) -> float:
    """Return when the longest time without a poll of a product was over."""
    _, end = max(pairwise(instants), key=lambda pair: pair[1] - pair[0])
    return end


if __name__ == "__main__":
    main()

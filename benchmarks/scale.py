"""A large catalogue and one poller: memory, the claim, writes for nothing new, and even load.

Every product is due at the beginning; all is measured from the moment on at which each of them
has been polled and none waits any more, while the upstream tells the same offers as before.
PostgreSQL:

    make bench-scale
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median

import psutil
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from aggregator.cli.sparkline import BLOCKS
from aggregator.clock import utc_now
from aggregator.services.claims import claim_due
from benchmarks.rig import Upstream, catalogue, cpu_s, database, start_poller
from benchmarks.server import percentile
from tests.waiting import wait_until

#: Products in a claim of the poller's.
_CLAIM = 100
_CLAIMS = 50
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
#: A poller looks what is due once a second.
_UP_TO_DATE = (
    "SELECT NOT EXISTS (SELECT FROM product_sync"
    " WHERE checked_at IS NULL OR due_at < now() - interval '2 seconds')"
)
_WRITTEN = "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables"


def main() -> None:
    """Measure, and print a table of what was found beside what was aimed at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000, help="8 offers each")
    parser.add_argument("--minutes", type=float, default=5, help="after the first round")
    parser.add_argument("--interval", type=int, default=60, help="POLL_INTERVAL_S")
    parser.add_argument("--concurrency", type=int, default=64, help="POLL_CONCURRENCY")
    parser.add_argument("--latency-ms", type=int, default=20)
    parser.add_argument("--changing", action="store_true", help="all offers change at each poll")
    options = parser.parse_args()
    with ExitStack() as stack:
        measure(stack, options)


def measure(stack: ExitStack, options: argparse.Namespace) -> None:
    """Print the figures."""
    url = database(stack, "postgresql")
    engine = catalogue(stack, url, options.products)
    all_due_ms = time_claims(engine, utc_now())
    unchanging = () if options.changing else ("--unchanging",)
    upstream = Upstream(stack, "--latency-ms", str(options.latency_ms), *unchanging)
    running = start_poller(
        stack,
        url,
        upstream.base_url,
        POLL_INTERVAL_S=str(options.interval),
        POLL_CONCURRENCY=str(options.concurrency),
    )
    poller, started = psutil.Process(running.pid), time.monotonic()
    wait_until(lambda: upstream.count() > 0)
    wait_until(lambda: is_up_to_date(engine), timeout_s=3600)
    first_round_s = time.monotonic() - started
    # PostgreSQL counts what a session writes up to a second late.
    time.sleep(2)
    cpu, written, begun = cpu_s(poller), rows_written(engine), time.time()
    time.sleep(options.minutes * 60)
    core = (cpu_s(poller) - cpu) / (time.time() - begun)
    new_rows = {table: n - written.get(table, 0) for table, n in rows_written(engine).items()}
    peak_mb = peak_memory_mb(poller.pid)
    running.terminate()
    running.wait()
    turned_ms = time_claims(engine, utc_now() + timedelta(seconds=options.interval / 4))
    polls = upstream.polls()
    rates = requests_by_second(polls, begun, round(options.minutes * 60))
    peak_ratio = max(rates) / fmean(rates)

    print(f"| {options.products:,} products every {options.interval} s | measured | target |")
    print("|---|---|---|")
    print(f"| memory at most, MB | {peak_mb:.0f} | < 200 |")
    print(f"| claim of {_CLAIM}, all due, ms, half / 95 % within | {halves(all_due_ms)} | < 10 |")
    print(f"| the same after the rounds | {halves(turned_ms)} | < 10 |")
    for table in ("offers", "price_points"):
        target = "" if options.changing else "0"
        print(f"| rows written to `{table}` | {new_rows.get(table, 0):,} | {target} |")
    print(f"| requests a second, mean | {fmean(rates):,.0f} | |")
    print(f"| … half / 99 % / all of the seconds up to | {quantiles(rates)} | |")
    print(f"| … maximum by mean | {peak_ratio:.2f} | ≤ 1.5 |")
    print(f"| longest between two polls, s | {longest_gap(polls):.1f} | |")
    print(f"| first round and what it left behind, s | {first_round_s:.0f} | |")
    print(f"| of one core | {core:.0%} | |")
    print("\nRows written:", ", ".join(f"{table} {n:,}" for table, n in new_rows.items() if n))
    print("Requests by second, a block for five:")
    print(sparkline([fmean(rates[i : i + 5]) for i in range(0, len(rates), 5)]))


def time_claims(engine: Engine, now: datetime) -> list[float]:
    """Return how long claims of what is due at an instant take, milliseconds; keep none of them."""
    times = []
    for _ in range(_CLAIMS):
        with Session(engine) as session:
            session.connection()
            begun = time.perf_counter()
            claims = claim_due(session, now=now, limit=_CLAIM)
            times.append((time.perf_counter() - begun) * 1000)
            session.rollback()
        assert len(claims) == _CLAIM, "too few products are due to measure a claim"
    return times


def is_up_to_date(engine: Engine) -> bool:
    """Tell whether each product was polled, and none waits for its next poll."""
    time.sleep(0.5)
    with engine.connect() as connection:
        return bool(connection.scalar(text(_UP_TO_DATE)))


def rows_written(engine: Engine) -> dict[str, int]:
    """Return how many rows were inserted, updated and deleted so far, by table."""
    with engine.connect() as connection:
        return dict(connection.execute(text(_WRITTEN)).all())


def peak_memory_mb(pid: int) -> float:
    """Return the most memory that a process ever had resident."""
    found = _PEAK.search(Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024 / 1e6


def requests_by_second(
    polls: Mapping[str, Sequence[float]], begun: float, n_seconds: int
) -> list[int]:
    """Return how many requests came in each second from an instant on."""
    counts = Counter(
        int(at - begun) for instants in polls.values() for at in instants if at > begun
    )
    return [counts[second] for second in range(n_seconds)]


def longest_gap(polls: Mapping[str, Sequence[float]]) -> float:
    """Return the longest time between two polls of one product, in seconds."""
    return max(
        after - before for instants in polls.values() for before, after in pairwise(instants)
    )


def halves(times: Sequence[float]) -> str:
    """Return what half of some times, and 95 % of them, do not exceed."""
    return f"{median(times):.1f} / {percentile(times, 95):.1f}"


def quantiles(rates: Sequence[int]) -> str:
    """Return what half, 99 % and all of some rates do not exceed."""
    return " / ".join(f"{percentile(rates, percent):,}" for percent in (50, 99, 100))


def sparkline(rates: Sequence[float]) -> str:
    """Return rates as blocks, from nothing up to the highest."""
    top, heights = max(rates), len(BLOCKS)
    return "".join(BLOCKS[min(int(rate / top * heights), heights - 1)] for rate in rates)


if __name__ == "__main__":
    main()

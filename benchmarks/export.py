"""What it costs the web server to stream a million changes as CSV: time, and memory.

make bench-export
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from datetime import timedelta
from threading import Event, Thread
from typing import Self

import psutil
from sqlalchemy import create_engine

from aggregator.clock import utc_now
from aggregator.engines import engine_options
from benchmarks.generator import N_OFFERS, Watched, write_years
from benchmarks.rig import cpu_s, database
from benchmarks.server import Server


def main() -> None:
    """Measure, and print one line a database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=1_000_000)
    options = parser.parse_args()
    print("| database | changes | MB | a second | a second of its CPU | memory over idle |")
    print("|---|---|---|---|---|---|")
    for kind in ("sqlite", "postgresql"):
        with ExitStack() as stack:
            url = database(stack, kind)
            product_id = write(url, timedelta(hours=options.changes / (60 * N_OFFERS)))
            path = f"/api/v1/products/{product_id}/history?period=P1Y&format=csv"
            print(f"| {kind} | {measure(Server(stack, url), path)} |", flush=True)


def write(url: str, length: timedelta) -> str:
    """Write a product's history until now; return its id."""
    engine = create_engine(url, **engine_options(url))
    end = utc_now().replace(second=0, microsecond=0)
    start = (end - length).replace(minute=0)
    watched = Watched(engine, "Product", start)
    write_years(engine, [watched], start, end)
    engine.dispose()
    return str(watched.product_id)


def measure(server: Server, path: str) -> str:
    """Return the figures."""
    # The first answer costs memory once and for all.
    server.get("/api/v1/products")
    peak = Peak(server.worker)
    n_bytes = n_lines = 0
    begun, cpu_begun = time.monotonic(), cpu_s(server.worker)
    with peak:
        for chunk in server.stream(path):
            n_bytes += len(chunk)
            n_lines += chunk.count(b"\n")
    a_second = n_lines / (time.monotonic() - begun)
    a_cpu_second = n_lines / (cpu_s(server.worker) - cpu_begun)
    over_idle = f"{peak.over_idle_mb:.0f} MB"
    speeds = f"{a_second:,.0f} | {a_cpu_second:,.0f}"
    return f"{n_lines - 1:,} | {n_bytes / 1e6:.0f} | {speeds} | {over_idle}"


class Peak:
    """Watches how much more memory a process takes than at first, while it is entered."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._idle = process.memory_info().rss
        self._highest = self._idle
        self._stop = Event()
        self._thread = Thread(target=self._watch)

    @property
    def over_idle_mb(self) -> float:
        """The most that it took beyond what it took at first."""
        return float((self._highest - self._idle) / 1e6)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self._highest = max(self._highest, self._process.memory_info().rss)


if __name__ == "__main__":
    main()

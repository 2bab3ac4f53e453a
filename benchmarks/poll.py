"""Products polled per second of a poller's CPU, and per second, beside two other ways to do it.

Real pollers on PostgreSQL fetch, decode, reconcile and store products of 8 offers, which all
change every round. In turn with them run, on the same upstream, threads of ``requests`` that only
fetch and decode, and a poller as it is usually written; each without and with a latency:

    make bench-poll
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import UUID

import psutil
from sqlalchemy import Engine, text

from benchmarks.rig import Upstream, catalogue, cpu_s, database, make_due, spread, start_poller
from tests.e2e.processes import POLLER
from tests.waiting import wait_until

#: What the table calls those that are measured.
_OURS, _BARE, _USUAL = "this poller", "bare `requests` threads", "the usual way"


class Round(NamedTuple):
    """What polling some products once took."""

    n_products: int
    cpu_s: float
    wall_s: float

    @property
    def per_cpu_s(self) -> float:
        """Products per second of CPU."""
        return self.n_products / self.cpu_s

    @property
    def per_s(self) -> float:
        """Products per second."""
        return self.n_products / self.wall_s


class RunningPoller:
    """One poller, which polls only when it is told to.

    :param engine: on its database, in which the catalogue is.
    :param command: what runs it, behind ``python``.
    """

    def __init__(
        self,
        stack: ExitStack,
        url: str,
        engine: Engine,
        upstream: Upstream,
        concurrency: int,
        command: Sequence[str] = POLLER[1:],
    ) -> None:
        self._engine, self._upstream = engine, upstream
        self._popen = start_poller(
            stack,
            url,
            upstream.base_url,
            command,
            POLL_INTERVAL_S="3600",
            POLL_CONCURRENCY=str(concurrency),
        )
        self._process = psutil.Process(self._popen.pid)

    def poll(self, n_products: int) -> Round:
        """Let it poll all products once, from the first request until all is stored."""
        asked, cpu = self._upstream.count(), cpu_s(self._process)
        make_due(self._engine)
        wait_until(lambda: self._upstream.count() > asked)
        begun = time.perf_counter()
        wait_until(lambda: self._n_stored() == n_products, timeout_s=600)
        return Round(n_products, cpu_s(self._process) - cpu, time.perf_counter() - begun)

    def stop(self) -> None:
        """End it."""
        self._popen.terminate()
        self._popen.wait()

    def _n_stored(self) -> int:
        # What is due in long was stored since all were made due.
        query = "SELECT count(*) FROM product_sync WHERE due_at > now() + interval '2 minutes'"
        with self._engine.connect() as connection:
            return connection.scalar(text(query)) or 0


def run_module(name: str, product_ids: Sequence[UUID], *options: str) -> Round:
    """Let another process poll some products once."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *options],
        input="\n".join(map(str, product_ids)),
        capture_output=True,
        text=True,
        check=True,
    )
    cpu, wall = map(float, done.stdout.split())
    return Round(len(product_ids), cpu, wall)


def main() -> None:
    """Measure, and print a table a latency, then the phases and the targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=10_000, help="8 offers each")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latency-ms", type=int, default=20)
    parser.add_argument("--concurrency", type=int, default=64, help="POLL_CONCURRENCY")
    parser.add_argument("--threads", type=int, default=16, help="of the bare fetcher")
    options = parser.parse_args()
    for latency_ms in (0, options.latency_ms):
        with ExitStack() as stack:
            measure(stack, latency_ms, options)


def measure(stack: ExitStack, latency_ms: int, options: argparse.Namespace) -> None:
    """Print the figures for one latency."""
    url, usual_url = database(stack, "postgresql"), database(stack, "postgresql")
    upstream = Upstream(stack, "--latency-ms", str(latency_ms))
    engine = catalogue(stack, url, options.products)
    with engine.connect() as connection:
        product_ids = list(connection.scalars(text("SELECT id FROM products")))
    # One after another, products take their time: a few are enough.
    few = product_ids[: options.products // 20]
    poller = RunningPoller(stack, url, engine, upstream, options.concurrency)
    contenders: Mapping[str, Callable[[], Round]] = {
        _OURS: lambda: poller.poll(options.products),
        _BARE: lambda: run_module(
            "bare_fetcher", product_ids, upstream.base_url, "--threads", str(options.threads)
        ),
        _USUAL: lambda: run_module("usual_poller", few, upstream.base_url, "--database", usual_url),
    }
    # In the first round all offers are new.
    for poll in contenders.values():
        poll()
    rounds: dict[str, list[Round]] = {name: [] for name in contenders}
    for _ in range(options.rounds):
        for name, poll in contenders.items():
            rounds[name].append(poll())
    tell(latency_ms, rounds)
    judge(latency_ms, rounds)
    poller.stop()
    file = Path(stack.enter_context(TemporaryDirectory()), "phases.json")
    command = ["-m", "benchmarks.timed_poller", str(file)]
    timed = RunningPoller(stack, url, engine, upstream, options.concurrency, command)
    n_polled = sum(timed.poll(options.products).n_products for _ in range(options.rounds))
    timed.stop()
    tell_phases(json.loads(file.read_text()), n_polled)


def tell(latency_ms: int, rounds: Mapping[str, Sequence[Round]]) -> None:
    """Print a row each: the median, and between which figures the rounds were."""
    print(f"| upstream takes {latency_ms} ms | products per CPU-second | products per second |")
    print("|---|---|---|")
    for name, of_it in rounds.items():
        per_cpu_s, per_s = ([getattr(r, what) for r in of_it] for what in ("per_cpu_s", "per_s"))
        print(f"| {name} | {spread(per_cpu_s)} | {spread(per_s)} |")


def tell_phases(phases: Mapping[str, float], n_products: int) -> None:
    """Print what the poller spent on a product, by phase; measuring is in it, too."""
    each = (f"{phase} {cpu / n_products * 1e6:,.0f}" for phase, cpu in phases.items())
    print("CPU of this poller for a product, microseconds:", ", ".join(each), flush=True)


def judge(latency_ms: int, rounds: Mapping[str, Sequence[Round]]) -> None:
    """Print how this poller compares, and which target that meets."""
    per_cpu_s = {name: median(r.per_cpu_s for r in of_it) for name, of_it in rounds.items()}
    per_s = {name: median(r.per_s for r in of_it) for name, of_it in rounds.items()}
    of_bare, of_usual = per_cpu_s[_OURS] / per_cpu_s[_BARE], per_s[_OURS] / per_s[_USUAL]
    print(f"{of_bare:.2f} of {_BARE} per CPU-second, target 0.6: {verdict(of_bare >= 0.6)}")
    print(f"{per_cpu_s[_OURS]:,.0f} per CPU-second, aim 1,500: {verdict(per_cpu_s[_OURS] >= 1500)}")
    if latency_ms:
        print(f"{of_usual:.1f} x {_USUAL} per second, target 20: {verdict(of_usual >= 20)}")


def verdict(met: bool) -> str:
    """Return whether a target is met, in a word."""
    return "met" if met else "missed"


if __name__ == "__main__":
    main()

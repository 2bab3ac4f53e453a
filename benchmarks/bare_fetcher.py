"""Threads of ``requests`` that fetch and decode offers, and store nothing: a bound to compare with.

One session a thread, as people write it well. Started by ``make bench-poll``; prints the seconds
of CPU and of wall time that it took.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import local

import requests

from aggregator.clock import utc_now
from aggregator.offers_wire import decode_snapshot
from benchmarks.stopwatch import Stopwatch

_HEADERS = {"Bearer": "good-for-ever", "Accept": "application/json"}


class BareFetcher:
    """Fetches products' offers; thread-safe."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._own = local()

    def fetch(self, product_id: str) -> None:
        """Fetch and decode the offers of one product."""
        url = f"{self._base_url}/products/{product_id}/offers"
        response = self._session().get(url, timeout=5)
        response.raise_for_status()
        decode_snapshot(response.content, utc_now())

    def _session(self) -> requests.Session:
        if not hasattr(self._own, "session"):
            self._own.session = requests.Session()
            # It would look for proxies in the environment with every call.
            self._own.session.trust_env = False
            self._own.session.headers.update(_HEADERS)
        session: requests.Session = self._own.session
        return session


def fetch_all(base_url: str, product_ids: Sequence[str], n_threads: int) -> None:
    """Fetch and decode the offers of all products once."""
    with ThreadPoolExecutor(n_threads) as pool:
        for _ in pool.map(BareFetcher(base_url).fetch, product_ids):
            pass


def main() -> None:
    """Fetch each product of which the id comes in a line of the standard input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base_url")
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    product_ids = sys.stdin.read().split()
    with Stopwatch():
        fetch_all(options.base_url, product_ids, options.threads)


if __name__ == "__main__":
    main()

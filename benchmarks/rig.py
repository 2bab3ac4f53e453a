"""What benchmarks are made of: a database, a catalogue, processes, and a fast upstream."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import psutil
import requests
from sqlalchemy import Engine, create_engine, text

from tests.databases import migrated, new_postgres_database, postgres_server
from tests.e2e.processes import POLLER, environ, free_port
from tests.waiting import wait_until

_FILL = (
    "INSERT INTO products"
    " (id, name, description, created_at, updated_at, version, sort_name, words)"
    " SELECT gen_random_uuid(), 'Product ' || i, '', now(), now(), 1, 'product ' || i,"
    " 'product ' || i FROM generate_series(1, :n) AS i",
    "INSERT INTO product_sync (product_id, due_at, registered_at, failures, offers_count)"
    " SELECT id, now(), now(), 0, 0 FROM products",
)


class Upstream:
    """The stub of ``benchmarks/upstream.py``, in a process that ends with the stack."""

    def __init__(self, stack: ExitStack, *options: str) -> None:
        port = free_port()
        start(stack, "-m", "benchmarks.upstream", "--port", str(port), *options)
        self.base_url = f"http://127.0.0.1:{port}/api/v1"
        self._session = stack.enter_context(requests.Session())
        self._session.trust_env = False
        wait_until(self._answers)

    def count(self) -> int:
        """Return how many times offers were asked for."""
        return int(self._get("count").content)

    def polls(self) -> dict[str, list[float]]:
        """Return the instants at which each product was asked for, seconds since 1970."""
        polls: dict[str, list[float]] = self._get("polls").json()
        return polls

    def _answers(self) -> bool:
        try:
            return self.count() == 0
        except requests.ConnectionError:
            return False

    def _get(self, name: str) -> requests.Response:
        return self._session.get(f"{self.base_url}/control/{name}", timeout=30)


def database(stack: ExitStack, kind: str) -> str:
    """Return the URL of a new, migrated database."""
    if kind == "sqlite":
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        return migrated(f"sqlite:///{folder}/aggregator.db")
    server = stack.enter_context(postgres_server())
    return migrated(stack.enter_context(new_postgres_database(server.get_uri())))


def catalogue(stack: ExitStack, url: str, n: int) -> Engine:
    """Write products that are registered and due at once; return an engine to look at them by.

    For PostgreSQL, which makes them all in two statements.
    """
    engine = create_engine(url)
    stack.callback(engine.dispose)
    with engine.begin() as connection:
        for statement in _FILL:
            connection.execute(text(statement), {"n": n} if ":n" in statement else {})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return engine


def make_due(engine: Engine) -> None:
    """Make all products due at once."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE product_sync SET due_at = now() - interval '1 second'"))


def start(stack: ExitStack, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
    """Start one of our own modules; it ends with the stack."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, **settings},
        cwd=Path(__file__).parents[1],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def start_poller(
    stack: ExitStack,
    url: str,
    base_url: str,
    command: Sequence[str] = POLLER[1:],
    **settings: str,
) -> subprocess.Popen[bytes]:
    """Start a poller; it ends with the stack.

    :param command: what runs it, behind ``python``.
    """
    quiet = {"LOG_LEVEL": "warning"}
    return start(stack, *command, **environ(url, base_url, **(quiet | settings)))


def cpu_s(process: psutil.Process) -> float:
    """Return the seconds of CPU that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def spread(values: Sequence[float]) -> str:
    """Return the median of some figures, and between which they lie."""
    return f"{median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"

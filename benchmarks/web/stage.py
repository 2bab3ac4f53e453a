"""Everything that is measured: databases with a catalogue in each, and servers that read them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psutil
from sqlalchemy import Engine, create_engine, text

from benchmarks.rig import Upstream, cpu_s
from benchmarks.web.catalogue import fill
from benchmarks.web.history import copy_history, write_history
from benchmarks.web.servers import WebServer, start_ours
from benchmarks.web.size import Size
from tests.databases import migrated, new_postgres_database, postgres_server

_UPSTREAM_MS = "5"
#: Products that are asked for; those with a long history have the first ids.
_N_ASKED = 100
_ASKED = "SELECT id FROM products ORDER BY id DESC LIMIT :n"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What there is to measure."""

    size: Size
    url: str
    engine: Engine
    upstream: Upstream
    ours: WebServer
    """With one worker."""
    ours_2_workers: WebServer
    searching: WebServer
    """With one worker, and another catalogue."""
    asked: Sequence[UUID]
    """Some products, evenly scattered."""
    minutely: Sequence[UUID]
    """Those with a minute-by-minute history."""
    folder: Path
    """For files of a passing nature."""

    def postgres_cpu_s(self) -> float:
        """Return the seconds of CPU that PostgreSQL has used."""
        with self.engine.connect() as connection:
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
        postmaster = psutil.Process(pid).parent()
        assert postmaster
        ended = postmaster.cpu_times()
        used = float(ended.children_user + ended.children_system)
        for process in postmaster.children():
            # Some end at any moment.
            with suppress(psutil.NoSuchProcess):
                used += cpu_s(process)
        return used


def set_stage(stack: ExitStack, size: Size, folder: Path) -> Stage:
    """Fill the databases, and start what reads them."""
    url, searched_url = _databases(stack)
    minutely = _fill(url, searched_url, size)
    engine = create_engine(url)
    stack.callback(engine.dispose)
    with engine.connect() as connection:
        asked = connection.scalars(text(_ASKED), {"n": _N_ASKED}).all()
    upstream = Upstream(stack, "--latency-ms", _UPSTREAM_MS)
    stage = Stage(
        size=size,
        url=url,
        engine=engine,
        upstream=upstream,
        ours=start_ours(stack, url, upstream.base_url, 1),
        ours_2_workers=start_ours(stack, url, upstream.base_url, 2),
        searching=start_ours(stack, searched_url, upstream.base_url, 1),
        asked=asked,
        minutely=minutely,
        folder=folder,
    )
    for server in (stage.ours, stage.ours_2_workers, stage.searching):
        server.wait("/api/v1/products")
    return stage


def _databases(stack: ExitStack) -> Iterator[str]:
    """Yield the URLs of two new, migrated databases of one server."""
    uri = stack.enter_context(postgres_server()).get_uri()
    for _ in range(2):
        yield migrated(stack.enter_context(new_postgres_database(uri)))


def _fill(url: str, searched_url: str, size: Size) -> list[UUID]:
    """Fill both databases at once; return the products with a minute-by-minute history."""
    with ProcessPoolExecutor() as pool:
        history = pool.submit(write_history, url, size.days)
        filled = pool.submit(fill, url, size.products)
        searched = pool.submit(fill, searched_url, size.searched, offers=False)
        filled.result()
        tell(f"{size.products:,} products with 8 offers each are there")
        searched.result()
        tell(f"{size.searched:,} products to search are there")
        origin = history.result()
    tell(f"{size.days} days of one product are written; now {size.minutely} others get copies")
    return copy_history(url, origin, size.minutely)


def tell(what: str) -> None:
    """Say on standard error how far it is."""
    print(time.strftime("%H:%M:%S"), what, file=sys.stderr, flush=True)

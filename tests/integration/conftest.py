"""Pollers on the test's database, products for them, and databases that are still empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any, Protocol
from unittest.mock import Mock
from uuid import UUID

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, update

from aggregator import create_app
from aggregator.clock import utc_now
from aggregator.db import db, unit_of_work
from aggregator.models import ProductSync
from aggregator.services import products
from aggregator.services.offers_service import connect_offers_service
from aggregator.settings import Settings
from poller.metrics import PollerMetrics
from poller.poll_job import PollJob
from tests.conftest import NOWHERE, REFRESH_TOKEN
from tests.databases import migrated, new_postgres_database
from tests.redis_server import RedisServer, running_redis
from tests.sandbox_control import SandboxControl


class MakePoller(Protocol):
    """Makes a poller's job, which polls what is due each time it runs."""

    def __call__(self, base_url: str, **settings: Any) -> PollJob: ...


class Catalogue:
    """Products straight in the database, as nobody has polled or registered them yet."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, n: int = 1) -> list[UUID]:
        """Add products that are due now."""
        with unit_of_work(self._engine) as session:
            ids = [
                products.create_product(
                    session, product_id=None, name=f"Product {i}", description="", now=utc_now()
                ).product_id
                for i in range(n)
            ]
        self.make_due(*ids)
        return ids

    def make_due(self, *product_ids: UUID) -> None:
        """Make products due a second ago, most overdue first; all where none is named."""
        now = utc_now()
        with unit_of_work(self._engine) as session:
            chosen = product_ids or products.list_ids(session)
            for i, product_id in enumerate(chosen):
                due_at = now - timedelta(seconds=1, milliseconds=len(chosen) - i)
                session.execute(
                    update(ProductSync)
                    .where(ProductSync.product_id == product_id)
                    .values(due_at=due_at)
                )

    def sync(self, product_id: UUID) -> ProductSync:
        """Return where a product stands."""
        with unit_of_work(self._engine) as session:
            return session.get_one(ProductSync, product_id)


@pytest.fixture
def catalogue(engine: Engine) -> Catalogue:
    """Return the catalogue of the test's database."""
    return Catalogue(engine)


@pytest.fixture
def make_poller(database_url: str, engine: Engine) -> Iterator[MakePoller]:
    """Return a function that makes pollers."""
    jobs = []

    def make(base_url: str, *, stop: Event | None = None, **settings: Any) -> PollJob:
        defaults: dict[str, Any] = {
            "offers_refresh_token": REFRESH_TOKEN,
            "offers_timeout_s": 1.0,
            "poll_concurrency": 4,
        }
        chosen = Settings(
            database_url=database_url, offers_base_url=base_url, **(defaults | settings)
        )
        service = connect_offers_service(chosen, engine, timeout_s=chosen.offers_timeout_s)
        jobs.append(
            PollJob(chosen, engine, service, stop or Event(), PollerMetrics(), on_progress=Mock())
        )
        return jobs[-1]

    yield make
    for job in jobs:
        job.close()


@pytest.fixture
def poller(make_poller: MakePoller, sandbox: SandboxControl) -> PollJob:
    """Return a poller of the sandbox."""
    return make_poller(sandbox.base_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """Return an application whose database was never migrated."""
    if request.param == "sqlite":
        yield from _apps(f"sqlite:///{tmp_path}/empty.db")
    else:
        with new_postgres_database(request.getfixturevalue("postgres_url")) as url:
            yield from _apps(url)


def _apps(url: str) -> Iterator[Flask]:
    app = create_app(Settings(database_url=url, log_level="warning"))
    with app.app_context():
        engine = db.engine
    yield app
    engine.dispose()


class Database:
    """A database of a test's own, with an application on it whose API asks for tokens."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.url = url
        defaults = {
            "offers_base_url": NOWHERE,
            "offers_refresh_token": REFRESH_TOKEN,
            "api_auth": "all",
            "log_level": "warning",
        }
        self.app = create_app(Settings(database_url=url, **(defaults | settings)))
        with self.app.app_context():
            self.engine = db.engine

    def run(self, *words: str, status: int = 0) -> Result:
        """Run a command; it must end with a status."""
        result = self.app.test_cli_runner().invoke(args=words)
        assert result.exit_code == status, result.output
        assert isinstance(result.exception, SystemExit | None)
        return result


class MakeDatabase(Protocol):
    """Makes a database, ``sqlite`` or ``postgresql``."""

    def __call__(self, kind: str, *, migrate: bool = True, **settings: Any) -> Database: ...


@pytest.fixture
def make_database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeDatabase]:
    """Return a function that makes databases; those of SQLite each in a folder of its own."""
    with ExitStack() as stack:

        def make(kind: str, *, migrate: bool = True, **settings: Any) -> Database:
            if kind == "sqlite":
                folder = tmp_path / f"{len(list(tmp_path.iterdir()))} #" / "instance"
                folder.mkdir(parents=True)
                url = f"sqlite:///{folder}/aggregator.db"
            else:
                server = request.getfixturevalue("postgres_url")
                url = stack.enter_context(new_postgres_database(server))
            made = Database(migrated(url) if migrate else url, **settings)
            stack.callback(made.engine.dispose)
            return made

        yield make


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """Return a running Redis server that holds nothing."""
    with running_redis(tmp_path) as server:
        yield server

"""Databases, applications and offers services for the tests."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, delete
from werkzeug.serving import make_server

from aggregator import create_app
from aggregator.db import Base, db, unit_of_work
from aggregator.settings import Settings
from sandbox import Options, create_sandbox
from tests.databases import migrated, new_postgres_database, postgres_server
from tests.sandbox_control import SandboxControl

REFRESH_TOKEN = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
#: Nothing listens there.
NOWHERE = "http://127.0.0.1:9/api/v1"


class MakeApp(Protocol):
    """Makes an application on the test's database."""

    def __call__(self, **settings: Any) -> Flask: ...


class MakeSandbox(Protocol):
    """Starts a sandbox in this process."""

    def __call__(self, **options: Any) -> SandboxControl: ...


# How fast examples come is the machine's affair.
settings.register_profile(
    "any-machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any-machine")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start a PostgreSQL server, unless ``TEST_DATABASE_URL`` names one."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with postgres_server() as server:
        yield server.get_uri()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Return the URL of a migrated database: every test that uses one runs on both kinds."""
    if request.param == "sqlite":
        yield migrated(f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/aggregator.db")
    else:
        with new_postgres_database(request.getfixturevalue("postgres_url")) as url:
            yield migrated(url)


@pytest.fixture
def make_app(database_url: str) -> Iterator[MakeApp]:
    """Return a function that makes applications; empties the database in the end.

    Unless told otherwise, their offers service is out of reach.
    """
    engines: list[Engine] = []

    def make(**settings: Any) -> Flask:
        defaults = {
            "offers_base_url": NOWHERE,
            "offers_refresh_token": REFRESH_TOKEN,
            "log_level": "warning",
        }
        app = create_app(Settings(database_url=database_url, **(defaults | settings)))
        app.testing = False
        with app.app_context():
            engines.append(db.engine)
        return app

    yield make
    for thread in threading.enumerate():
        if thread.name == "sign-up":
            thread.join()
    if engines:
        with unit_of_work(engines[0]) as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(delete(table))
    for engine in engines:
        engine.dispose()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """Return an application whose offers service is out of reach."""
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client of that application."""
    return app.test_client()


@pytest.fixture
def engine(app: Flask) -> Engine:
    """Return the engine of that application."""
    with app.app_context():
        return db.engine


@pytest.fixture
def make_sandbox() -> Iterator[MakeSandbox]:
    """Return a function that starts sandboxes, which move only by hand unless told otherwise."""
    servers = []
    # Its line for a late answer would come when nobody listens any more.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)

    def make(**options: Any) -> SandboxControl:
        app = create_sandbox(Options(**({"tick_s": 0} | options)))
        server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return SandboxControl(f"http://127.0.0.1:{server.server_port}")

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def sandbox(make_sandbox: MakeSandbox) -> SandboxControl:
    """Return a running sandbox of generation 2."""
    return make_sandbox()

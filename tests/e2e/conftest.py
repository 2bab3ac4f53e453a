"""The whole product in real processes, on both databases."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
import requests
from sqlalchemy import create_engine, select

from aggregator.models import OffersServiceToken
from tests.databases import migrated, new_postgres_database, postgres_server
from tests.e2e.processes import POLLER, WEB, Process, environ, free_port
from tests.redis_server import RedisServer, running_redis
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until


class Start(Protocol):
    """Starts a process that ends with the test."""

    def __call__(self, *command: str, **environ: str) -> Process: ...


class Web:
    """A running web server, called over HTTP.

    :param origin: such as ``http://127.0.0.1:5000``.
    """

    def __init__(self, origin: str, process: Process) -> None:
        self.api = f"{origin}/api/v1"
        self.process = process
        self._session = requests.Session()

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Call the API."""
        return self._session.request(method, self.api + path, timeout=20, **kwargs)

    def authorize(self, token: str) -> None:
        """Send a token with all further calls."""
        self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Any:
        """Return the JSON of a path, which must be there."""
        response = self.call("GET", path)
        response.raise_for_status()
        return response.json()

    def create(self, name: str) -> str:
        """Create a product and return its id."""
        response = self.call("POST", "/products", json={"name": name})
        response.raise_for_status()
        return str(response.json()["id"])

    def offers(self, product_id: str) -> dict[str, tuple[int, int]]:
        """Return price and stock of each listed offer by its id."""
        items = self.get(f"/products/{product_id}/offers?limit=200")["items"]
        return {o["id"]: (o["price"], o["items_in_stock"]) for o in items}

    def close(self) -> None:
        """Close its connections."""
        self._session.close()


@pytest.fixture
def access_tokens() -> set[str]:
    """Return what the offers service gave out in the test."""
    return set()


@pytest.fixture
def start(tmp_path: Path, access_tokens: set[str]) -> Iterator[Start]:
    """Return a function that starts processes; in the end no log may hold a secret."""
    processes: list[Process] = []

    def start_process(*command: str, **settings: str) -> Process:
        log = tmp_path / f"process-{len(processes)}.log"
        # What those that are killed leave behind goes with the test.
        processes.append(Process(list(command), {"TMPDIR": str(tmp_path), **settings}, log))
        return processes[-1]

    yield start_process
    for process in processes:
        if process.is_running:
            process.kill()
    assert [leak for process in processes for leak in process.leaks()] == []
    said = "".join(process.said() for process in processes)
    assert [token for token in access_tokens if token in said] == []


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a migrated database of this test's own."""
    if request.param == "sqlite":
        yield migrated(f"sqlite:///{tmp_path}/aggregator.db")
    else:
        with new_postgres_database(request.getfixturevalue("postgres_url")) as url:
            yield migrated(url)


@pytest.fixture
def own_postgres() -> Iterator[Any]:
    """Return a PostgreSQL server that the test may stop."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def start_sandbox(start: Start) -> Any:
    """Return a function that starts a sandbox process and returns its control."""

    def start_one(*options: str) -> SandboxControl:
        port = free_port()
        process = start(
            sys.executable, "-m", "sandbox", "--port", str(port), "--tick-s", "0", *options
        )
        process.wait_for("sandbox: generation")
        return SandboxControl(f"http://127.0.0.1:{port}")

    return start_one


@pytest.fixture
def upstream(start_sandbox: Any) -> SandboxControl:
    """Return a running sandbox that moves by hand."""
    control: SandboxControl = start_sandbox()
    return control


@pytest.fixture
def settings(
    fresh_database_url: str, upstream: SandboxControl, access_tokens: set[str]
) -> Iterator[dict[str, str]]:
    """Return the settings of all processes of the test."""
    yield environ(fresh_database_url, upstream.base_url)
    engine = create_engine(fresh_database_url)
    with engine.connect() as connection:
        stored = connection.execute(select(OffersServiceToken.token)).scalars()
        access_tokens.update(token for token in stored if token)
    engine.dispose()


@pytest.fixture
def web(start: Start, settings: dict[str, str]) -> Iterator[Web]:
    """Return a running web server."""
    running = start_web(start, settings)
    yield running
    running.close()


@pytest.fixture
def poller(start: Start, settings: dict[str, str]) -> Process:
    """Return a running poller."""
    process = start(*POLLER, **settings)
    process.wait_for("poller_started")
    return process


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """Return a running Redis server that holds nothing."""
    with running_redis(tmp_path) as server:
        yield server


def start_web(start: Start, settings: dict[str, str], command: Sequence[str] = WEB) -> Web:
    """Start gunicorn and wait until it answers."""
    port = free_port()
    process = start(*command, **(settings | {"PORT": str(port)}))
    running = Web(f"http://127.0.0.1:{port}", process)

    def answers() -> bool:
        try:
            return running.call("GET", "/products").status_code > 0
        except requests.ConnectionError:
            return False

    wait_until(answers)
    return running

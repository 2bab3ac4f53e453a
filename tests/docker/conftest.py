"""The whole product in containers, built and started once."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
import requests

from tests.docker.compose import Stack, docker
from tests.e2e.processes import free_port
from tests.waiting import wait_until


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Return the running product, as a plain ``up`` starts it."""
    project = f"aggregator-test-{secrets.token_hex(4)}"
    running = Stack(
        project,
        IMAGE=project,
        PORT=str(free_port()),
        PROXY_PORT=str(free_port()),
        POSTGRES_PASSWORD=secrets.token_hex(16),
    )
    try:
        running("up", "-d")
        wait_until_healthy(running)
        yield running
    finally:
        running.settings["COMPOSE_PROFILES"] = "sandbox,rolling,web-next"
        running("down", "--volumes", "--remove-orphans")
        docker("rmi", "--force", project)


@pytest.fixture
def api(stack: Stack) -> str:
    """Return the base URL of the API."""
    return f"http://127.0.0.1:{stack.settings['PORT']}/api/v1"


@pytest.fixture
def product(api: str) -> str:
    """Return the URL of a product that has offers."""
    created = requests.post(f"{api}/products", json={"name": "Petrol mower"}, timeout=20)
    assert created.status_code == 201
    url = f"{api}/products/{created.json()['id']}"
    wait_until(lambda: requests.get(url, timeout=20).json()["offers_count"])
    return url


def wait_until_healthy(stack: Stack) -> None:
    """Wait until the web server says that it lives."""
    wait_until(lambda: stack.container("web")["State"]["Health"]["Status"] == "healthy", 60)

"""A browser, and the whole product for it to look at."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import launch
from tests.browser.visit import Visit, visiting
from tests.databases import migrated
from tests.e2e.processes import POLLER, WEB, Process, environ, free_port
from tests.waiting import wait_until


@pytest.fixture(scope="package")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start sandbox, poller and web server; return where the latter answers."""
    folder = tmp_path_factory.mktemp("product")
    sandbox_port, port = free_port(), free_port()
    settings = environ(
        migrated(f"sqlite:///{folder}/aggregator.db"),
        f"http://127.0.0.1:{sandbox_port}/api/v1",
        PORT=str(port),
    )
    commands = {
        "sandbox": [sys.executable, "-m", "sandbox", "--port", str(sandbox_port), "--tick-s", "1"],
        "web": WEB,
        "poller": POLLER,
    }
    running = [
        Process(command, settings, folder / f"{name}.log") for name, command in commands.items()
    ]
    where = f"http://127.0.0.1:{port}"
    wait_until(lambda: _answers(where))
    yield where
    for process in reversed(running):
        process.stop()
    assert [leak for process in running for leak in process.leaks()] == []


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start a browser; without one these tests are skipped, save in CI."""
    with sync_playwright() as playwright:
        try:
            started = launch(playwright)
        except FileNotFoundError:
            assert not os.environ.get("CI"), "there is no browser"
            pytest.skip("there is no browser")
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, origin: str) -> Iterator[Visit]:
    """Return a visitor of the product, who in the end has asked nobody else and seen no error."""
    with visiting(browser, origin) as visitor:
        yield visitor


def _answers(origin: str) -> bool:
    try:
        return requests.get(f"{origin}/openapi.json", timeout=5).ok
    except requests.ConnectionError:
        return False

"""A browser, and the whole product for it to look at."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.browser.visit import Visit
from tests.databases import migrated
from tests.e2e.processes import POLLER, Process, environ, free_port
from tests.waiting import wait_until

_COMMANDS = ("chromium", "chromium-browser", "google-chrome")


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
        "web": [sys.executable, "-m", "gunicorn", "wsgi:app"],
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
    """Start the browser that is installed, or else the one that Playwright brings."""
    with sync_playwright() as playwright:
        started = _launch(playwright)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, origin: str) -> Iterator[Visit]:
    """Return a visitor of the product, who in the end has asked nobody else and seen no error."""
    page: Page = browser.new_page()
    visitor = Visit(page, origin)
    yield visitor
    page.close()
    assert visitor.asked_elsewhere == []
    assert visitor.errors == []


def _launch(playwright: Playwright) -> Browser:
    found = next(filter(None, map(shutil.which, _COMMANDS)), None)
    return playwright.chromium.launch(executable_path=Path(found) if found else None)


def _answers(origin: str) -> bool:
    try:
        return requests.get(f"{origin}/openapi.json", timeout=5).ok
    except requests.ConnectionError:
        return False

"""A running product with something in it, to throw requests at."""

from __future__ import annotations

import re

import pytest

from aggregator import create_app
from aggregator.db import db
from aggregator.settings import Settings
from tests.e2e.conftest import (  # noqa: F401
    access_tokens,
    fresh_database_url,
    start,
    start_sandbox,
    upstream,
)
from tests.fuzz import market


@pytest.fixture
def filled_database_url(fresh_database_url: str) -> str:  # noqa: F811
    """Return the URL of a database of this test's own with products, offers and history."""
    app = create_app(Settings(database_url=fresh_database_url, log_level="warning"))
    with app.app_context():
        market.fill(db.engine)
        db.engine.dispose()
    return fresh_database_url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many requests there were, as schemathesis counts them."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    counts = [re.findall(r"^  (\d+) generated", report.capstdout, re.M) for report in reports]
    n_requests = sum(int(count) for [count] in filter(None, counts))
    terminalreporter.write_line(f"schemathesis made {n_requests:,} requests")

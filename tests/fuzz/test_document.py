"""Schemathesis over the whole OpenAPI document: every answer is as it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.services import api_tokens
from tests.conftest import NOWHERE
from tests.e2e.conftest import Start, start_web
from tests.e2e.processes import environ
from tests.fuzz.market import CONFIG, STALE_AFTER_S
from tests.sandbox_control import SandboxControl

ROOT = Path(__file__).parents[2]
#: Each seed draws other requests, and begins with a new database.
SEEDS = range(int(os.environ.get("FUZZ_SEEDS", "1")))
SCHEMATHESIS = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]


def fuzz(start: Start, settings: dict[str, str], *options: str) -> None:
    """Let schemathesis loose on a web server; what it says is shown where the test fails."""
    web = start_web(start, settings | {"STALE_AFTER_S": str(STALE_AFTER_S)})
    document = web.api.replace("/api/v1", "/openapi.json")
    command = [*SCHEMATHESIS, document, "--no-color", *options]
    finished = subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=False)
    web.close()
    assert finished.returncode == 0
    assert "Traceback" not in web.process.said()


def make_token(database_url: str) -> str:
    """Make a token that may do everything, and return it."""
    engine = create_engine(database_url)
    with unit_of_work(engine) as session:
        _, text = api_tokens.create_token(
            session, name="fuzz", scope=api_tokens.WRITE, expires_at=None, now=utc_now()
        )
    engine.dispose()
    return text


@pytest.mark.parametrize("seed", SEEDS)
def test_every_answer_is_documented(
    start: Start, filled_database_url: str, upstream: SandboxControl, seed: int
) -> None:
    fuzz(start, environ(filled_database_url, upstream.base_url), f"--seed={seed}")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_answer_is_documented_where_tokens_are_asked_for_and_the_offers_service_is_away(
    start: Start, filled_database_url: str, seed: int
) -> None:
    settings = environ(filled_database_url, NOWHERE, API_AUTH="all")
    bearer = f"Authorization: Bearer {make_token(filled_database_url)}"
    fuzz(start, settings, f"--seed={seed}", f"--header={bearer}")

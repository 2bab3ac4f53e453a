"""``flask doctor``: every check, its reason and its remedy, on both databases."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
from flask import Flask
from sqlalchemy import Engine, text, update

from aggregator import create_app
from aggregator.clock import utc_now
from aggregator.db import reading, unit_of_work
from aggregator.models import OffersServiceToken, ProductSync
from aggregator.services.health import clock, diagnosis
from aggregator.services.pace import slow_down
from aggregator.services.pollers import poller_seen
from aggregator.services.rates import Limits
from aggregator.services.schema import read_schema
from aggregator.settings import Settings
from tests.conftest import NOWHERE, REFRESH_TOKEN, MakeApp, MakeSandbox
from tests.crash import crash
from tests.factories import make_product, make_token, observe
from tests.sandbox_control import SandboxControl

ROOT = Path(__file__).parents[2]
SECRET = "hunter2"
NAMES = {
    "settings",
    "database",
    "migrations",
    "access token",
    "poller",
    "freshness",
    "registrations",
    "API tokens",
    "offers service",
}


class Findings:
    """What the doctor found."""

    def __init__(self, report: dict[str, Any]) -> None:
        self.verdict = report["verdict"]
        self.settings = report["settings"]
        self.checks = report["checks"]

    def of(self, name: str) -> tuple[str, str]:
        """Return the verdict of a check, and its detail and remedy as one text."""
        found = [check for check in self.checks if check["name"] == name]
        assert found, name
        told = " ".join(f"{check['detail']} → {check['remedy']}" for check in found)
        return found[-1]["verdict"], told

    @property
    def names(self) -> set[str]:
        """What was looked at."""
        return {check["name"] for check in self.checks}


def examine(app: Flask, **environ: str) -> Findings:
    """Run the command, check that its exit status fits, and return what it found."""
    runner = app.test_cli_runner()
    result = runner.invoke(args=["doctor", "--json"], env=environ)
    assert result.stderr == "", result.stderr
    for secret in (SECRET, REFRESH_TOKEN):
        assert secret not in result.stdout
    findings = Findings(json.loads(result.stdout))
    assert result.exit_code == (findings.verdict == "failure")
    for check in findings.checks:
        assert (check["remedy"] is None) or check["verdict"] != "ok"
    return findings


def see_poller(engine: Engine, *, host: str = "left", ahead_s: float = 0.0) -> None:
    at = utc_now() + timedelta(seconds=ahead_s)
    with unit_of_work(engine) as session:
        poller_seen(session, uuid4(), host=host, pid=7, started_at=at, now=at)


def change_sync(engine: Engine, product_id: UUID, **values: object) -> None:
    with unit_of_work(engine) as session:
        chosen = update(ProductSync).where(ProductSync.product_id == product_id)
        session.execute(chosen.values(**values))


@pytest.fixture
def app(make_app: MakeApp, sandbox: SandboxControl) -> Flask:
    """Return an application that calls a sandbox, and has signed up with it."""
    app = make_app(offers_base_url=sandbox.base_url)
    assert app.test_cli_runner().invoke(args=["offers-service", "signup"]).exit_code == 0
    return app


@pytest.fixture
def set_revision(engine: Engine) -> Iterator[Callable[[str], None]]:
    """Return a function that makes the tables those of another release, until the test ends."""

    def set_one(revision: str) -> None:
        change = text("UPDATE alembic_version SET version_num = :revision")
        with engine.begin() as connection:
            connection.execute(change, {"revision": revision})

    with reading(engine) as session:
        before = read_schema(session.connection()).wanted
    yield set_one
    set_one(before)


def test_a_product_that_is_well_has_no_warnings(app: Flask, engine: Engine) -> None:
    see_poller(engine)
    product_id = make_product(engine)
    app.test_cli_runner().invoke(args=["products", "sync"])
    findings = examine(app)
    assert [check for check in findings.checks if check["verdict"] != "ok"] == []
    assert findings.verdict == "ok"
    assert findings.names >= NAMES
    assert "left (process 7" in findings.of("poller")[1]
    assert "offers of a product" in findings.of("offers service")[1]
    assert str(product_id) not in json.dumps(findings.checks)


def test_the_words_for_people_fit_eighty_columns(app: Flask, engine: Engine) -> None:
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert result.exit_code == 0
    assert "! warning  poller" in result.stdout
    assert "→ python -m poller" in result.stdout
    assert "✓ ok       database" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "\x1b" not in result.stdout
    verdicts, settings = result.stdout.split("\n\n", 1)
    assert "✓ ok       settings" in verdicts
    assert "PORT" not in settings
    assert REFRESH_TOKEN not in result.stdout


def test_it_never_signs_up(make_app: MakeApp, sandbox: SandboxControl) -> None:
    app = make_app(offers_base_url=sandbox.base_url)
    findings = examine(app)
    assert findings.of("access token")[0] == "ok"
    assert "None is stored yet" in findings.of("access token")[1]
    assert findings.of("offers service")[0] == "ok"
    assert sandbox.requests("auth") == 0


def test_a_refused_token_is_told_and_left_alone(
    app: Flask, sandbox: SandboxControl, engine: Engine
) -> None:
    with unit_of_work(engine) as session:
        session.execute(update(OffersServiceToken).values(token="gone"))
    verdict, told = examine(app).of("offers service")
    assert verdict == "warning"
    assert "refuses the stored token" in told
    assert sandbox.requests("auth") == 1


def test_a_sign_up_that_was_refused_is_a_failure(
    make_app: MakeApp, make_sandbox: MakeSandbox
) -> None:
    app = make_app(offers_base_url=make_sandbox(refresh_token=str(uuid4())).base_url)
    app.test_cli_runner().invoke(args=["offers-service", "signup"])
    verdict, told = examine(app).of("access token")
    assert verdict == "failure"
    assert "refused" in told
    assert "OFFERS_REFRESH_TOKEN" in told


@pytest.mark.parametrize(
    ("base_url", "told"),
    [
        pytest.param(None, "OFFERS_BASE_URL", id="not-configured"),
        pytest.param("http://127.0.0.1:9/api/v1", "cannot be reached", id="down"),
    ],
)
def test_an_absent_service_is_a_failure_and_hides_nothing(
    make_app: MakeApp, base_url: str | None, told: str
) -> None:
    findings = examine(make_app(offers_base_url=base_url))
    assert findings.of("offers service")[0] == "failure"
    assert told in findings.of("offers service")[1]
    assert findings.names >= NAMES - {"access token"}


def test_nothing_is_to_be_asked_of_a_service_that_fails(make_app: MakeApp, engine: Engine) -> None:
    make_product(engine)
    findings = examine(make_app(offers_base_url="http://127.0.0.1:9/api/v1"))
    assert "products register" not in findings.of("registrations")[1]
    assert "Mend the access to the offers service first" in findings.of("registrations")[1]
    assert "/offers   # A service that is well: 401" in findings.of("offers service")[1]


@pytest.mark.parametrize("expired", [True, False])
def test_a_token_that_somebody_else_has_is_waited_for(
    app: Flask, sandbox: SandboxControl, engine: Engine, expired: bool
) -> None:
    runner = app.test_cli_runner()
    sandbox.forget(tokens=True)
    headers = {"Bearer": REFRESH_TOKEN}
    assert requests.post(f"{sandbox.base_url}/auth", headers=headers, timeout=5).ok
    if expired:
        with unit_of_work(engine) as session:
            session.execute(update(OffersServiceToken).values(expires_at=utc_now()))
    signed_up = runner.invoke(args=["offers-service", "signup"])
    assert (signed_up.exit_code, signed_up.stdout) == (1, "")
    assert "is still valid, and it is not ours" in signed_up.stderr
    findings = examine(app)
    verdict, told = findings.of("access token")
    assert (verdict, "Find the other installation" in told) == ("failure", True)
    assert not [check for check in findings.checks if "signup" in str(check["remedy"])]
    status = runner.invoke(args=["offers-service", "status", "--json"])
    said = json.loads(status.stdout)
    assert (status.exit_code, said["access_token"]) == (1, "expired" if expired else "refused")
    assert "it is not ours" in said["last_error"]


def test_a_service_that_forgot_the_products_is_told(app: Flask, engine: Engine) -> None:
    observe(engine, make_product(engine), {})
    verdict, told = examine(app).of("offers service")
    assert verdict == "warning"
    assert "does not know" in told


def test_a_service_that_throttles_is_told(make_app: MakeApp, engine: Engine) -> None:
    app = make_app(poll_max_per_s=4.0)
    assert "pace" not in examine(app).names
    with unit_of_work(engine) as session:
        limits = Limits(None, timedelta(hours=1))
        slow_down(session, NOWHERE, limits, now=utc_now(), asked_per_s=6, wait=timedelta(seconds=1))
    verdict, told = examine(app).of("pace")
    assert verdict == "warning"
    assert "all pollers together send 3." in told


def test_backlog_and_its_commonest_error_are_told(app: Flask, engine: Engine) -> None:
    long_ago = utc_now() - timedelta(hours=3)
    for reason in ("it was slow", "it was slow", "it was odd"):
        product_id = make_product(engine)
        observe(engine, product_id, {}, at=long_ago)
        change_sync(engine, product_id, failures=2, last_error=reason, due_at=long_ago)
    refused = make_product(engine)
    change_sync(engine, refused, registration_error="the name is rude")
    make_product(engine)
    findings = examine(app)
    verdict, told = findings.of("freshness")
    assert verdict == "warning"
    assert "Overdue: 3 of 5 products." in told
    assert "3 failing by themselves. Commonest last error, of 2 products: it was slow." in told
    verdict, told = findings.of("registrations")
    assert verdict == "warning"
    assert "1 product to be registered yet. → flask --app wsgi products register" in told
    assert "1 product refused for good. Commonest: the name is rude" in told


@pytest.mark.parametrize(
    ("auth", "scope", "verdict"),
    [
        ("write", "read", "warning"),
        ("write", "write", "ok"),
        ("all", "read", "ok"),
        ("all", None, "warning"),
    ],
)
def test_asking_for_tokens_that_nobody_has_is_told(
    make_app: MakeApp, engine: Engine, auth: str, scope: str | None, verdict: str
) -> None:
    if scope:
        make_token(engine, scope=scope)
    assert examine(make_app(api_auth=auth)).of("API tokens")[0] == verdict


def test_a_poller_whose_clock_is_ahead_is_told(app: Flask, engine: Engine) -> None:
    see_poller(engine, host="fast", ahead_s=60)
    verdict, told = examine(app).of("clock")
    assert verdict == "warning"
    assert "fast" in told


def test_a_file_that_several_machines_share_is_told(app: Flask, engine: Engine) -> None:
    see_poller(engine, host="left")
    see_poller(engine, host="right")
    expected = {"sqlite": "warning", "postgresql": "ok"}
    assert examine(app).of("poller")[0] == expected[engine.name]


def test_our_own_clock_is_compared_with_the_server_s(
    app: Flask, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "utc_now", lambda: utc_now() + timedelta(minutes=5))
    found = [check for check in examine(app).checks if check["name"] == "clock"]
    expected = ["warning"] if engine.name == "postgresql" else []
    assert [check["verdict"] for check in found] == expected


def test_more_connections_than_there_are_is_told(make_app: MakeApp, engine: Engine) -> None:
    found = [c for c in examine(make_app(web_concurrency=50)).checks if c["name"] == "connections"]
    expected = ["warning"] if engine.name == "postgresql" else []
    assert [check["verdict"] for check in found] == expected


@pytest.mark.parametrize(
    ("revision", "verdict", "told"),
    [
        pytest.param("0001", "failure", "flask --app wsgi db upgrade", id="behind"),
        pytest.param("9999", "ok", "newer release", id="ahead"),
        pytest.param("4d2a", "failure", "DATABASE_URL", id="of-another-program"),
    ],
)
def test_tables_of_another_release_are_told(
    app: Flask, set_revision: Callable[[str], None], revision: str, verdict: str, told: str
) -> None:
    set_revision(revision)
    findings = examine(app)
    assert findings.of("migrations")[0] == verdict
    assert told in findings.of("migrations")[1]
    assert findings.names >= NAMES


def test_a_check_that_crashes_hides_no_other(
    app: Flask, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = dict.fromkeys(diagnosis._OF_TABLES, crash(ZeroDivisionError()))
    monkeypatch.setattr(diagnosis, "_OF_TABLES", broken)
    result = app.test_cli_runner().invoke(args=["doctor", "--json"])
    findings = Findings(json.loads(result.stdout))
    assert result.exit_code == 1
    assert findings.of("poller")[0] == "failure"
    assert findings.of("offers service")[0] == "ok"
    assert findings.names >= NAMES


def test_an_unmigrated_database_is_told(empty_app: Flask) -> None:
    findings = examine(empty_app)
    [failure] = [c for c in findings.checks if c["remedy"] == "flask --app wsgi db upgrade"]
    assert failure["verdict"] == "failure"


def test_looking_makes_no_database(tmp_path: Path) -> None:
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path}/aggregator.db"))
    verdict, told = examine(app).of("database")
    assert verdict == "failure"
    assert f"there is no file {tmp_path}/aggregator.db. → flask --app wsgi db upgrade" in told
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    place = tmp_path / "no" / "such"
    verdict, told = examine(create_app(Settings(database_url=f"sqlite:///{place}/a.db"))).of(
        "database"
    )
    assert verdict == "failure"
    assert f"There is no directory {place} for the file a.db." in told
    assert f"mkdir -p {place}" in told


def test_a_database_that_is_away_hides_nothing_and_leaks_nothing() -> None:
    url = f"postgresql+psycopg2://u:{SECRET}@127.0.0.1:9/db?password={SECRET}"
    findings = examine(create_app(Settings(database_url=url)), OFFER_BASE_URL="http://a")
    assert findings.of("database")[0] == "failure"
    assert "OFFERS_BASE_URL" in findings.of("settings")[1]
    assert findings.settings["DATABASE_URL"] == "postgresql+psycopg2://***@127.0.0.1:9/db?***"
    assert findings.of("offers service")[0] == "failure"
    assert findings.names >= NAMES
    skipped = {check["name"] for check in findings.checks if check["verdict"] == "skipped"}
    assert skipped >= {"migrations", "access token", "poller", "freshness", "registrations"}


def test_bad_settings_are_all_named() -> None:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "doctor"]
    environ = os.environ | {"PORT": "http", "API_AUTH": "maybe"}
    result = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=False)
    assert result.returncode == 1
    assert re.search(rb"API_AUTH must .*\nPORT must ", result.stderr)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    path.write_text("These are notes, and not a database at all.\n" * 100)
    findings = examine(create_app(Settings(database_url=f"sqlite:///{path}")))
    verdict, told = findings.of("database")
    assert verdict == "failure"
    assert "not a database" in told

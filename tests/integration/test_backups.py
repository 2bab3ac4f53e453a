"""Backup, loss and restore, with the very commands of the documentation."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from aggregator.clock import utc_now
from aggregator.engines import engine_options
from tests.e2e.stored_history import find_torn
from tests.factories import make_product, observe
from tests.integration import market
from tests.integration.api import PRODUCTS
from tests.integration.conftest import Database, MakeDatabase
from tests.integration.handbook import carry_out, commands
from tests.integration.past import A
from tests.sandbox_control import SandboxControl

pytestmark = pytest.mark.waits

SECTIONS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
SYNC = ("products", "sync", str(market.KETTLE))
LOST = "00000000-0000-4000-8000-000000000001"


def plain(database: Database) -> str:
    """Return a database's URL as people write it."""
    return database.url.replace("+psycopg2", "")


def serve(sandbox: SandboxControl, price: int) -> None:
    sandbox.serve(market.KETTLE, [{"id": str(A), "price": price, "items_in_stock": 1}])


def answers_at(
    database: Database, token: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Return what the database answers, at one instant, to all questions about the market."""
    with monkeypatch.context() as pinned:
        market.pin_clock(pinned, now)
        return market.answers(database.app, token, now)


def begin(lost: Database, sandbox: SandboxControl) -> str:
    """Fill a database, and poll one of its products; return an API token."""
    token = market.fill(lost.app, lost.engine)
    serve(sandbox, 1_000)
    lost.run(*SYNC, status=1)  # It finds out that the service has to be told of the product.
    lost.run(*SYNC)
    return token


def go_on_after_the_backup(lost: Database, sandbox: SandboxControl, auth: dict[str, Any]) -> None:
    """Let it have another access token, another price and another product than the backup."""
    sandbox.revoke()
    serve(sandbox, 5)
    lost.run(*SYNC)
    created = lost.app.test_client().post(PRODUCTS, json={"id": LOST, "name": "x"}, **auth)
    assert created.status_code == 201
    lost.engine.dispose()


def poll_again(restored: Database, sandbox: SandboxControl) -> None:
    """Poll at another price, once the access token that was lost has ended."""
    serve(sandbox, 1_200)
    said = restored.run(*SYNC, status=1)
    assert "another access token is still valid" in said.output
    sandbox.revoke()
    restored.run(*SYNC)


@pytest.mark.parametrize("kind", SECTIONS)
def test_what_was_lost_answers_as_before_and_goes_on(
    make_database: MakeDatabase,
    sandbox: SandboxControl,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    settings: dict[str, Any] = {
        "offers_base_url": sandbox.base_url,
        "stale_after_s": 0.2,
        "offers_timeout_s": 2,
    }
    lost = make_database(kind, **settings)
    folder = Path(str(make_url(lost.url).database)).parents[1] if kind == "sqlite" else tmp_path
    token = begin(lost, sandbox)
    auth = {"headers": {"Authorization": f"Bearer {token}"}}
    now = utc_now()
    told = answers_at(lost, token, now, monkeypatch)
    back_up, restore = commands(SECTIONS[kind])
    carry_out(back_up, folder, plain(lost))
    go_on_after_the_backup(lost, sandbox, auth)
    lost_at = utc_now()

    restored = lost
    if kind == "postgresql":
        with lost.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
        restored = make_database(kind, migrate=False, **settings)
    carry_out(restore, folder, plain(restored))
    assert answers_at(restored, token, now, monkeypatch) == told

    poll_again(restored, sandbox)
    client = restored.app.test_client()
    assert client.get(f"{PRODUCTS}/{LOST}", **auth).status_code == 404
    again = client.post(PRODUCTS, json={"id": LOST, "name": "x"}, **auth)
    assert again.get_json()["registered_at"], "that it was registered before does not matter"
    of_kettle = f"{PRODUCTS}/{market.KETTLE}"
    since, instant = (at.isoformat().replace("+00:00", "Z") for at in (now, lost_at))
    trend = client.get(f"{of_kettle}/trend?from={since}", **auth).get_json()
    assert (trend["start"]["value"], trend["end"]["value"]) == (1_000, 1_200)
    assert trend["low"]["value"] == 1_000, "nobody knows of the price that was lost"
    assert trend["coverage"] < 1
    assert client.get(f"{of_kettle}/offers?at={instant}", **auth).get_json()["stale"]


def test_a_backup_of_sqlite_that_is_written_to_is_consistent(make_database: MakeDatabase) -> None:
    source = make_database("sqlite")
    folder = Path(str(make_url(source.url).database)).parents[1]
    ends = threading.Event()
    written = threading.Event()

    def write() -> None:
        while not ends.is_set():
            product_id = make_product(source.engine)
            for price in range(3):
                observe(source.engine, product_id, {A: (price, 1)})
            written.set()

    writer = threading.Thread(target=write)
    writer.start()
    written.wait(20)
    back_up, _ = commands("SQLite")
    carry_out(back_up, folder, source.url)
    ends.set()
    writer.join()
    copy = folder / "aggregator.backup.db"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    engine = create_engine(f"sqlite:///{copy}", **engine_options("sqlite:"))
    assert find_torn(engine) == []
    engine.dispose()

"""``flask db-copy``: the same database on another server, or nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import Result
from sqlalchemy import text

from aggregator.clock import utc_now
from aggregator.db import Base, reading, unit_of_work
from aggregator.services import copying
from aggregator.services.copying import count_rows
from aggregator.services.pollers import poller_seen
from tests.factories import make_product
from tests.integration import market
from tests.integration.api import PRODUCTS
from tests.integration.conftest import Database, MakeDatabase
from tests.integration.past import rows


def copy(source: Database | str, target: Database, *words: str, status: int = 0) -> Result:
    """Run the command; it must end with a status."""
    return target.run(
        "db-copy", source if isinstance(source, str) else source.url, *words, status=status
    )


def count(database: Database) -> int:
    """Return how many rows there are in all tables that are copied."""
    with reading(database.engine) as session:
        return sum(count_rows(session).values())


def test_a_copy_answers_every_question_like_its_source_on_all_pairs(
    make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_database("sqlite")
    token = market.fill(source.app, source.engine)
    with reading(source.engine) as session:
        empty = {name for name, n_rows in count_rows(session).items() if not n_rows}
    assert empty == set(), "every table is tried"
    now = utc_now()
    market.pin_clock(monkeypatch, now)
    told, held = market.answers(source.app, token, now), rows(source.engine, "pollers")
    assert {status for status, *_ in told.values()} == {200, 404}
    # Each of SQLite and PostgreSQL into each of them.
    for kind in ("postgresql", "postgresql", "sqlite", "sqlite"):
        target = make_database(kind)
        result = copy(source, target, "--json")
        report = json.loads(result.stdout)["tables"]
        assert result.stderr == ""
        assert {t["name"]: t["n_rows"] for t in report} == {n: len(r) for n, r in held.items()}
        assert rows(target.engine, "pollers") == held
        assert market.answers(target.app, token, now) == told
        again = target.app.test_client().post(
            PRODUCTS, json=market.KEYED, headers=market.KEY | {"Authorization": f"Bearer {token}"}
        )
        assert again.headers["Idempotency-Replayed"] == "true"
        source = target


def test_a_copy_is_told_as_a_table(make_database: MakeDatabase) -> None:
    source, target = make_database("sqlite"), make_database("sqlite")
    make_product(source.engine)
    said = copy(source, target).stdout
    assert "product_sync" in said
    assert said.endswith("2 rows were copied. Both databases hold the same.\n")


def test_a_copy_without_a_source_says_where_to_name_one(make_database: MakeDatabase) -> None:
    error = make_database("sqlite").run("db-copy", status=2).stderr
    assert "[SOURCE_URL]" in error
    assert "SOURCE_DATABASE_URL" in error


def test_a_copy_into_what_is_not_empty_is_refused(make_database: MakeDatabase) -> None:
    source, target = make_database("sqlite"), make_database("postgresql")
    make_product(source.engine, name="theirs")
    make_product(target.engine, name="ours")
    before = rows(target.engine)
    error = copy(source, target, status=1).stderr
    assert "not empty: there are rows in products, product_sync" in error
    assert rows(target.engine) == before


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_both_databases_must_be_up_to_date(make_database: MakeDatabase, kind: str) -> None:
    ready, bare = make_database("sqlite"), make_database(kind, migrate=False)
    for target, source, name in [(bare, ready, "target"), (ready, bare, "source")]:
        error = copy(source, target, status=1).stderr
        assert f"the {name} stands at migration none" in error
        assert f"db upgrade with DATABASE_URL set to the {name}" in error


def test_a_source_that_is_not_there_is_one_clear_line(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    target = make_database("sqlite")
    missing = tmp_path / "missing.db"
    for url in (f"sqlite:///{missing}", "postgresql://nobody@127.0.0.1:9/none"):
        [line] = copy(url, target, status=1).stderr.splitlines()
        assert line.startswith("Error: the database is unavailable: ")
    assert not missing.exists()
    assert "must begin with" in copy("mysql://h/d", target, status=2).stderr


@pytest.mark.parametrize(
    ("spoilt", "table"),
    [
        pytest.param("UPDATE product_sync SET failures = -1", "product_sync", id="constraint"),
        pytest.param("UPDATE products SET description = char(0)", "products", id="nul"),
    ],
)
def test_a_row_that_the_target_does_not_take_leaves_it_empty(
    make_database: MakeDatabase, spoilt: str, table: str
) -> None:
    source, target = make_database("sqlite"), make_database("postgresql")
    make_product(source.engine)
    with source.engine.begin() as connection:
        connection.execute(text("PRAGMA ignore_check_constraints = on"))
        connection.execute(text(spoilt))
    error = copy(source, target, status=1).stderr
    assert f"{table} cannot be written" in error
    assert count(target) == 0


def test_a_copy_that_would_not_hold_the_same_is_given_up(
    make_database: MakeDatabase,
) -> None:
    source, target = make_database("sqlite"), make_database("sqlite")
    make_product(source.engine)
    with target.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER spoil AFTER INSERT ON products BEGIN "
                "UPDATE products SET version = 2; END"
            )
        )
    assert "products differs after copying" in copy(source, target, status=1).stderr
    assert count(target) == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_is_written_meanwhile_is_left_out_as_a_whole(
    make_database: MakeDatabase, kind: str
) -> None:
    source, target = make_database(kind), make_database("sqlite")
    make_product(source.engine, name="before")

    def write_meanwhile(_table: str, _n_rows: int) -> None:
        make_product(source.engine, name="meanwhile")

    with reading(source.engine) as session, unit_of_work(target.engine) as writing:
        list(copying.copy_tables(session, writing, write_meanwhile))
    assert {name: len(found) for name, found in rows(target.engine).items() if found} == {
        "products": 1,
        "product_sync": 1,
    }


def test_a_poller_that_still_runs_at_the_source_is_warned_of(make_database: MakeDatabase) -> None:
    source = make_database("sqlite")
    for age, warned in ((timedelta(minutes=3), False), (timedelta(0), True)):
        now = utc_now() - age
        with unit_of_work(source.engine) as session:
            poller_seen(session, UUID(int=1), host="h", pid=1, started_at=now, now=now)
        said = copy(source, make_database("sqlite")).stderr
        assert ("a poller was seen" in said) == warned


def test_every_table_travels_but_the_pollers() -> None:
    travelling = {table.name for table in copying.TABLES}
    assert set(Base.metadata.tables) - travelling == {"pollers"}

"""A database that is not migrated, or by another release: everybody says so, nobody harms it."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import inspect, text

from aggregator import create_app
from aggregator.db import db
from aggregator.services.schema import SchemaState, read_schema
from aggregator.settings import Settings
from tests.integration.api import PRODUCTS

REMEDY = "flask --app wsgi db upgrade"
UNKNOWN = f"{PRODUCTS}/00000000-0000-0000-0000-000000000001"
NEW = {"name": "Pot", "description": ""}
#: What needs a column of the fourth migration.
NEWER_CALLS = [("POST", PRODUCTS), ("GET", f"{PRODUCTS}?q=pot")]
CALLS = [
    *NEWER_CALLS,
    ("GET", PRODUCTS),
    ("GET", f"{PRODUCTS}/export"),
    ("PUT", UNKNOWN),
    ("GET", f"{UNKNOWN}/trend"),
]


def revision(app: Flask) -> str | None:
    with app.app_context(), db.engine.connect() as connection:
        return read_schema(connection).found


def test_calls_are_503_and_the_log_names_the_remedy(
    empty_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for method, path in CALLS:
        assert_not_migrated(empty_app, monkeypatch, method, path)
    with empty_app.app_context():
        upgrade(revision="0001")
    for method, path in NEWER_CALLS:
        assert_not_migrated(empty_app, monkeypatch, method, path)


def assert_not_migrated(
    app: Flask, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    response = app.test_client().open(path, method=method, json=NEW)
    problem = json.loads(response.data)
    assert (response.status_code, response.mimetype) == (503, "application/problem+json")
    assert problem["type"] == "/problems/database-unavailable"
    assert int(response.headers["Retry-After"]) > 0
    assert not re.search(r"select|insert|table|column|relation|flask", response.text, re.I)
    [line] = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (line["event"], line["level"]) == ("database_unavailable", "warning")
    assert REMEDY in line["reason"]


def test_readiness_comes_with_the_migration(empty_app: Flask) -> None:
    client = empty_app.test_client()
    assert '"unready"' in client.get("/readyz").text
    with empty_app.app_context():
        upgrade()
    assert '"degraded"' in client.get("/readyz").text
    assert client.get(PRODUCTS).status_code == 200


def test_a_session_without_a_key_to_read_it_is_taken_for_none(empty_app: Flask) -> None:
    client = empty_app.test_client(use_cookies=False)
    sent = {"Cookie": "aggregator_session=x"}
    statuses = [client.get(path, headers=sent).status_code for path in ("/healthz", PRODUCTS)]
    assert statuses == [200, 503]


@pytest.mark.parametrize("words", [["products", "list"], ["tokens", "list"]], ids=str)
def test_commands_say_what_to_do(empty_app: Flask, words: list[str]) -> None:
    result = empty_app.test_cli_runner().invoke(args=words)
    assert result.exit_code == 1
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert re.fullmatch(f"Error: .*{REMEDY}", line)


def test_an_upgrade_without_a_database_is_an_error_of_one_line() -> None:
    app = create_app(Settings(database_url="postgresql+psycopg2://u@127.0.0.1:9/db"))
    result = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert result.exit_code == 1
    [line] = result.output.splitlines()
    assert line.startswith("Error: the database is unavailable: ")


def test_an_upgrade_by_an_older_release_says_so_and_changes_nothing(empty_app: Flask) -> None:
    runner = empty_app.test_cli_runner()
    assert runner.invoke(args=["db", "upgrade"]).exit_code == 0
    with empty_app.app_context():
        tables = set(inspect(db.engine).get_table_names())
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    result = runner.invoke(args=["db", "upgrade"])
    assert result.exit_code == 0
    assert "a newer release has brought the database to 9999" in result.stderr
    assert revision(empty_app) == "9999"
    with empty_app.app_context():
        assert set(inspect(db.engine).get_table_names()) == tables
    assert empty_app.test_client().get(PRODUCTS).status_code == 200
    assert runner.invoke(args=["db", "downgrade"]).exit_code == 1


def test_the_tables_of_another_program_are_not_upgraded(empty_app: Flask) -> None:
    with empty_app.app_context(), db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('4d2a')"))
    with empty_app.app_context(), db.engine.connect() as connection:
        assert read_schema(connection).state is SchemaState.UNKNOWN
    assert empty_app.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 1
    assert revision(empty_app) == "4d2a"

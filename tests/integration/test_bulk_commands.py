"""``flask products import`` and ``export``: the same as the API, for files on a disk."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.services import catalogue, exports
from tests.factories import make_product
from tests.integration.bulk import EXPORT, contents, exported, ndjson

ROOT = Path(__file__).parents[2]
CSV = b"name,description\r\nPot,1.7 l\r\n,x\r\n=Pan,\r\n"
GOOD = ndjson([{"name": "Pot"}, {"name": "Pan"}])


class Run:
    """Runs commands of an application."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __call__(self, *words: object, status: int = 0, stdin: bytes = b"") -> Result:
        result = self._app.test_cli_runner().invoke(
            args=["products", *map(str, words)], input=stdin
        )
        assert result.exit_code == status, result.output
        assert isinstance(result.exception, SystemExit | None)
        return result


@pytest.fixture
def run(app: Flask) -> Run:
    """Return what runs commands."""
    return Run(app)


@pytest.fixture
def make_file(tmp_path: Path) -> Any:
    """Return a function that writes a file."""

    def make(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return make


def test_a_file_is_imported_once(run: Run, client: FlaskClient, make_file: Any) -> None:
    file = make_file("products.ndjson", GOOD)
    assert run("import", file).stdout == "2 created, 0 existing, 0 failed.\n"
    assert run("import", file).stdout == "0 created, 2 existing, 0 failed.\n"
    assert contents(client) == [("Pan", ""), ("Pot", "")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b'[{"name": "Pot"}]'),
        ("a.JSONL", b'{"name": "Pot"}'),
        ("a.csv", b"name\nPot"),
    ],
)
def test_extension_tells_the_format(
    run: Run, client: FlaskClient, make_file: Any, name: str, content: bytes
) -> None:
    run("import", make_file(name, content))
    assert contents(client) == [("Pot", "")]


def test_format_is_asked_for_where_nothing_tells_it(run: Run, make_file: Any) -> None:
    for file in ("-", make_file("products.txt", GOOD)):
        assert "--format" in run("import", file, status=2, stdin=GOOD).stderr
    assert "2 created" in run("import", "-", "--format", "ndjson", stdin=GOOD).stdout
    file = make_file("products.csv", GOOD)
    assert "2 existing" in run("import", file, "--format", "ndjson").stdout


def test_a_bad_row_spoils_the_import(run: Run, client: FlaskClient, make_file: Any) -> None:
    result = run("import", make_file("a.csv", CSV), status=1)
    assert result.stdout.startswith(
        "0 created, 0 existing, 1 failed. Nothing was stored; --on-error"
    )
    assert result.stderr == "row 2 /name: This field is required.\n"
    assert exported(client) == []


def test_a_bad_row_gives_a_terminal_nothing_to_obey(run: Run, make_file: Any) -> None:
    file = make_file("a.ndjson", ndjson([{"name": "Pot", "col\x07our\x9b": "red"}]))
    assert "row 1 /col our : There" in run("import", file, status=1).stderr


def test_bad_rows_can_be_skipped(run: Run, client: FlaskClient, make_file: Any) -> None:
    file = make_file("a.csv", CSV)
    dry = run("import", file, "--on-error", "skip", "--dry-run", status=1)
    assert dry.stdout.startswith("2 created, 0 existing, 1 failed. Nothing was stored")
    assert exported(client) == []
    result = run("import", file, "--on-error", "skip", "--json", status=1)
    report = json.loads(result.stdout)
    assert (report["created"], report["rows"][0]["row"]) == (2, 2)
    assert contents(client) == [("=Pan", ""), ("Pot", "1.7 l")]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", b"[", "not JSON"),
        ("a.json", b"{}", "must be a JSON array"),
        ("a.csv", b"colour\nred", "/name"),
        ("a.csv", b"name\n\xff", "not UTF-8"),
        ("a.ndjson", b"{}\n" * 10_001, "10,000 rows"),
        ("a.json", b"[" + b" " * 64 * 1024 * 1024 + b"]", "bytes"),
    ],
)
def test_a_file_of_something_else_is_one_clear_line(
    run: Run, make_file: Any, name: str, content: bytes, words: str
) -> None:
    result = run("import", make_file(name, content), status=1)
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert words in line


def test_export_prints_what_the_api_gives(run: Run, client: FlaskClient, engine: Engine) -> None:
    make_product(engine, name="Žehlička", description="=1")
    for format_ in ("ndjson", "csv"):
        printed = run("export", "--format", format_).stdout_bytes
        assert printed == client.get(f"{EXPORT}?format={format_}").data
    assert run("export").stdout_bytes == client.get(EXPORT).data


def test_an_exported_file_can_be_imported(run: Run, engine: Engine, tmp_path: Path) -> None:
    make_product(engine, name="Pot", description="'-1")
    for format_ in ("ndjson", "csv"):
        file = tmp_path / f"products.{format_}"
        assert run("export", "-o", file, "--format", format_).output == ""
        assert run("import", file).stdout == "0 created, 1 existing, 0 failed.\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["products.csv", "products.ndjson"]


def test_an_export_that_fails_leaves_the_file_as_it_was(
    run: Run, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_PAGE", 1)
    file = tmp_path / "products.ndjson"
    for _ in range(2):
        make_product(engine)
    run("export", "-o", file)
    before = file.read_bytes()
    list_products = catalogue.list_products

    def fail_at_the_second_page(session: Any, request: Any, **kwargs: Any) -> Any:
        if request.after:
            raise OSError(28, "No space left on device")
        return list_products(session, request, **kwargs)

    monkeypatch.setattr(catalogue, "list_products", fail_at_the_second_page)
    assert "No space left" in run("export", "-o", file, status=1).stderr
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_an_export_to_nowhere_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    result = run("export", "-o", tmp_path / "nowhere" / "x.csv", status=1)
    assert result.stderr.startswith("Error: ")


def test_a_terminal_shows_progress(app: Flask, make_file: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "products"]
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    environ = os.environ | {"DATABASE_URL": url, "TERM": "xterm"}
    for words, shown in {
        ("import", str(make_file("a.ndjson", GOOD))): "Reading",
        ("export", "-o", str(tmp_path / "b.csv")): "Exporting",
    }.items():
        mine, theirs = pty.openpty()
        done = subprocess.run(
            [*command, *words],
            check=False,
            stderr=theirs,
            stdout=subprocess.PIPE,
            env=environ,
            cwd=ROOT,
        )
        os.close(theirs)
        said = os.read(mine, 100_000).decode()
        os.close(mine)
        assert (done.returncode, shown in said, "%" in said) == (0, True, True), said

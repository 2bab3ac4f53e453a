"""Migrations work in both directions, stand alone and agree with the models."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Engine, inspect
from sqlalchemy.engine.interfaces import ReflectedIndex

from aggregator.db import Base, db
from tests.factories import make_product

FOLDER = Path(__file__).parents[2] / "migrations"
FILES = sorted((FOLDER / "versions").glob("*.py"))
TABLES = {table.name for table in Base.metadata.sorted_tables} | {"alembic_version"}
#: What SQLite's full-text search consists of.
SEARCH = {f"product_search{end}" for end in ("", "_config", "_content", "_data", "_idx")}
ALLOWED = {"alembic", "sqlalchemy", "__future__", "datetime", "re", "unicodedata", "uuid"}


def expected(engine: Engine) -> set[str]:
    return TABLES | SEARCH if engine.name == "sqlite" else TABLES


def plain(index: ReflectedIndex) -> dict[str, object]:
    """Return an index with its conditions as text: as SQLAlchemy gives them, no two are equal."""
    options = index.get("dialect_options", {})
    return {**index, "dialect_options": {name: str(option) for name, option in options.items()}}


def schema(engine: Engine) -> dict[str, object]:
    """Return columns, keys, indexes and checks of every table, as values to compare."""
    seen = inspect(engine)
    return {
        name: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in columns],
            seen.get_pk_constraint(name),
            sorted(map(str, seen.get_foreign_keys(name))),
            sorted(str(plain(index)) for index in seen.get_indexes(name)),
            sorted(map(str, seen.get_check_constraints(name))),
        )
        for name in seen.get_table_names()
        for columns in [seen.get_columns(name)]
    }


def test_the_way_down_ends_with_nothing_and_up_again_with_the_same(empty_app: Flask) -> None:
    with empty_app.app_context():
        upgrade()
        first = schema(db.engine)
        assert first.keys() == expected(db.engine)
        make_product(db.engine)
        downgrade(revision="base")
        assert first.keys() & inspect(db.engine).get_table_names() == {"alembic_version"}
        upgrade()
        assert schema(db.engine) == first
        make_product(db.engine)


def test_a_second_upgrade_changes_nothing(empty_app: Flask) -> None:
    runner = empty_app.test_cli_runner()
    for _ in range(2):
        assert runner.invoke(args=["db", "upgrade"]).exit_code == 0
        with empty_app.app_context():
            assert set(inspect(db.engine).get_table_names()) == expected(db.engine)


def test_migrations_and_models_agree(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["db", "check"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_migration_imports_nothing_of_the_application(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported <= ALLOWED


def test_migrations_are_numbered_in_their_order() -> None:
    scripts = ScriptDirectory(str(FOLDER))
    revisions = [script.revision for script in scripts.walk_revisions()][::-1]
    assert revisions == [f"{n:04}" for n in range(1, len(FILES) + 1)]
    assert [path.name.partition("_")[0] for path in FILES] == revisions
    assert all(path.stem.islower() for path in FILES)


def test_the_handbook_spreads_every_table_over_a_cluster() -> None:
    handbook = (FOLDER.parent / "docs" / "operations.md").read_text()
    [sql] = re.findall(r"```sql\n(.*?create_distributed_table.*?)```", handbook, re.DOTALL)
    assert set(re.findall(r"'(\w+)'", sql)) - {"id", "product_id"} == set(Base.metadata.tables)

"""The entry point knows what it is the entry to."""

from __future__ import annotations

import runpy
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from click import Command, Context

WSGI = Path(__file__).parents[2] / "wsgi.py"


@pytest.mark.parametrize(
    ("running", "name"),
    [
        pytest.param(nullcontext(), "aggregator web", id="gunicorn"),
        pytest.param(Context(Command("flask")), "aggregator command", id="flask"),
    ],
)
def test_database_is_told_whose_connection_it_is(
    running: AbstractContextManager[object], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://u@h/d")
    with running:
        app = runpy.run_path(str(WSGI))["app"]
    connect_args = app.config["SQLALCHEMY_ENGINE_OPTIONS"]["connect_args"]
    assert connect_args["fallback_application_name"] == name

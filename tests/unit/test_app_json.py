"""Heroku's ``app.json`` offers every setting, and what it sets is good."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from aggregator.settings import Settings

ROOT = Path(__file__).parents[2]
SETTINGS = {name.upper() for name in Settings.__dataclass_fields__}
#: Heroku sets these itself.
GIVEN = {"DATABASE_URL", "PORT"}
#: What is not everybody's default, and why stands in docs/heroku.md.
CHOSEN: dict[str, Any] = {"api_auth": "write", "database_pool_size": 3, "trusted_proxies": 1}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """Return what ``app.json`` says."""
    loaded: dict[str, Any] = json.loads((ROOT / "app.json").read_text(encoding="utf-8"))
    return loaded


def test_every_setting_is_offered_and_nothing_else(manifest: dict[str, Any]) -> None:
    assert set(manifest["env"]) == SETTINGS - GIVEN


def test_every_setting_is_described(manifest: dict[str, Any]) -> None:
    for name, offered in manifest["env"].items():
        assert offered["description"], name


def test_values_are_the_defaults_but_for_those_that_heroku_asks_for(
    manifest: dict[str, Any],
) -> None:
    values = {
        name: offered["value"] for name, offered in manifest["env"].items() if "value" in offered
    }
    assert Settings.from_env(values | {"LOG_FORMAT": "json"}) == Settings(**CHOSEN)


def test_only_what_has_no_default_is_asked_for(manifest: dict[str, Any]) -> None:
    asked_for = [
        name
        for name, offered in manifest["env"].items()
        if offered.get("required", True) and not {"value", "generator"} & set(offered)
    ]
    assert asked_for == ["OFFERS_BASE_URL"]


def test_formation_runs_what_the_procfile_names(manifest: dict[str, Any]) -> None:
    procfile = (ROOT / "Procfile").read_text(encoding="utf-8")
    names = re.findall(r"^(\w+): ", procfile, re.MULTILINE)
    assert names == ["release", *manifest["formation"]]


def test_connections_fit_the_smallest_plan_while_a_deploy_replaces_everything(
    manifest: dict[str, Any],
) -> None:
    env, formation = manifest["env"], manifest["formation"]
    n_web = formation["web"]["quantity"] * int(env["WEB_CONCURRENCY"]["value"])
    n_processes = n_web + formation["worker"]["quantity"]
    # The old ones, the new ones, and two commands.
    most = 2 * n_processes * int(env["DATABASE_POOL_SIZE"]["value"]) + 2
    assert manifest["addons"] == [{"plan": "heroku-postgresql:essential-0"}]
    assert most <= 20


def test_readme_lists_every_setting() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("## Settings")[2].partition("\n## ")[0]
    named = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(named))) == SETTINGS

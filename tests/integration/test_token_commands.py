"""The commands that make, list and revoke tokens."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine

from aggregator import create_app
from aggregator.clock import utc_now
from aggregator.settings import Settings
from tests.conftest import NOWHERE, MakeApp
from tests.factories import make_token
from tests.integration.api import PRODUCTS

TOKEN = re.compile(r"pa_[A-Za-z0-9_-]{43}")


class Tokens(Protocol):
    """Runs ``flask tokens``."""

    def __call__(self, *words: str, exit_status: int = 0) -> Result: ...


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """Return an application that asks for tokens everywhere."""
    return make_app(api_auth="all")


@pytest.fixture
def tokens(app: Flask) -> Tokens:
    """Return a function that runs a command and checks how it ends."""

    def run(*words: str, exit_status: int = 0) -> Result:
        result = app.test_cli_runner().invoke(args=["tokens", *words])
        assert result.exit_code == exit_status, result.output
        assert isinstance(result.exception, SystemExit | None)
        assert "Traceback" not in result.output
        return result

    return run


def listed(tokens: Tokens) -> list[dict[str, Any]]:
    """Return what the list says, as a script reads it."""
    return [json.loads(line) for line in tokens("list", "--json").stdout.splitlines()]


def statuses(app: Flask, token: str) -> tuple[int, int]:
    """Return how a read and a write with a token are answered."""
    headers = {"Authorization": f"Bearer {token}"}
    client = app.test_client()
    written = client.post(PRODUCTS, json={"name": "Kettle"}, headers=headers)
    return client.get(PRODUCTS, headers=headers).status_code, written.status_code


def test_the_token_stands_alone_on_standard_output(tokens: Tokens) -> None:
    result = tokens("create", "shop")
    assert TOKEN.fullmatch(result.stdout.removesuffix("\n"))
    assert "only now" in result.stderr
    assert not TOKEN.search(result.stderr)


def test_no_token_is_made_twice(tokens: Tokens) -> None:
    made = {tokens("create", f"shop {i}").stdout for i in range(5)}
    assert len(made) == 5


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param((), (200, 403), id="read-unless-told-otherwise"),
        pytest.param(("--scope", "read"), (200, 403), id="read"),
        pytest.param(("--scope", "write"), (200, 201), id="write"),
    ],
)
def test_a_made_token_serves_by_its_scope(
    app: Flask, tokens: Tokens, options: tuple[str, ...], expected: tuple[int, int]
) -> None:
    assert statuses(app, tokens("create", "shop", *options).stdout.strip()) == expected


@pytest.mark.parametrize("known_by", ["id", "name"])
def test_a_revoked_token_is_useless_at_once(app: Flask, tokens: Tokens, known_by: str) -> None:
    made = json.loads(tokens("create", "shop", "--scope", "write", "--json").stdout)
    kept = tokens("create", "other").stdout.strip()
    assert statuses(app, made["token"]) == (200, 201)
    tokens("revoke", made[known_by])
    assert statuses(app, made["token"]) == (401, 401)
    assert statuses(app, kept) == (200, 403)
    [revoked, other] = listed(tokens)
    assert (revoked["state"], other["state"]) == ("revoked", "active")


def test_revoking_again_changes_nothing(tokens: Tokens) -> None:
    tokens("create", "shop")
    tokens("revoke", "shop")
    before = listed(tokens)
    tokens("revoke", "shop")
    assert listed(tokens) == before


@pytest.mark.parametrize("unknown", ["nobody", "00000000-0000-0000-0000-000000000001", "pa_", ""])
def test_revoking_what_is_not_there_is_an_error(tokens: Tokens, unknown: str) -> None:
    tokens("create", "shop")
    result = tokens("revoke", unknown, exit_status=1)
    assert (result.stdout, "there is no token" in result.stderr) == ("", True)
    assert listed(tokens)[0]["state"] == "active"


def test_a_name_is_free_again_once_its_token_is_not_good(tokens: Tokens, engine: Engine) -> None:
    now = utc_now()
    make_token(engine, name="old", created_at=now - timedelta(days=2), expires_at=now)
    tokens("create", "old")
    tokens("create", "shop")
    assert "named 'shop'" in tokens("create", "shop", exit_status=1).stderr
    tokens("revoke", "shop")
    tokens("create", "shop")
    states = [(token["name"], token["state"]) for token in listed(tokens)]
    assert states == [
        ("old", "expired"),
        ("old", "active"),
        ("shop", "revoked"),
        ("shop", "active"),
    ]


@pytest.mark.parametrize(
    ("options", "lifetime"),
    [
        pytest.param(("--expires-in", "90d"), timedelta(days=90), id="days"),
        pytest.param(("--expires-in", "PT36H"), timedelta(hours=36), id="iso"),
    ],
)
def test_a_token_expires_after_a_duration(
    tokens: Tokens, options: tuple[str, str], lifetime: timedelta
) -> None:
    made = json.loads(tokens("create", "shop", *options, "--json").stdout)
    created, expires = (datetime.fromisoformat(made[f]) for f in ("created_at", "expires_at"))
    assert expires - created == lifetime


def test_a_token_expires_at_an_instant(tokens: Tokens) -> None:
    tokens("create", "shop", "--expires-at", "2999-12-31T23:00:00+01:00")
    assert listed(tokens)[0]["expires_at"] == "2999-12-31T22:00:00.000Z"


@pytest.mark.parametrize(
    ("words", "exit_status"),
    [
        pytest.param(("shop", "--expires-in", "soon"), 1, id="no-duration"),
        pytest.param(("shop", "--expires-in", "-1d"), 1, id="negative"),
        pytest.param(("shop", "--expires-in", "9000y"), 2, id="beyond-the-calendar"),
        pytest.param(("shop", "--expires-at", "2020-01-01"), 2, id="past"),
        pytest.param(("shop", "--expires-at", "tomorrow"), 1, id="no-instant"),
        pytest.param(("shop", "--expires-in", "1d", "--expires-at", "2999-01-01"), 2, id="both"),
        pytest.param(("shop", "--scope", "admin"), 2, id="scope"),
        pytest.param((" ",), 2, id="empty-name"),
        pytest.param(("x" * 256,), 2, id="long-name"),
        pytest.param(("two\nlines",), 2, id="control-characters"),
        pytest.param((), 2, id="no-name"),
    ],
)
def test_what_makes_no_sense_makes_no_token(
    tokens: Tokens, words: tuple[str, ...], exit_status: int
) -> None:
    result = tokens("create", *words, exit_status=exit_status)
    assert (result.stdout, "Error: " in result.stderr) == ("", True)
    assert listed(tokens) == []


def test_list_says_how_each_token_stands(app: Flask, tokens: Tokens) -> None:
    made = json.loads(tokens("create", "Žižkov [red]", "--scope", "write", "--json").stdout)
    [shown] = listed(tokens)
    assert shown == {name: value for name, value in made.items() if name != "token"}
    assert shown == {
        "id": made["id"],
        "name": "Žižkov [red]",
        "prefix": made["token"][:8],
        "scope": "write",
        "created_at": made["created_at"],
        "expires_at": None,
        "revoked_at": None,
        "last_used_at": None,
        "state": "active",
    }
    headers = {"Authorization": f"Bearer {made['token']}"}
    app.test_client().get(PRODUCTS, headers=headers, buffered=True)
    used_at = listed(tokens)[0]["last_used_at"]
    [headings, row] = tokens("list").stdout.splitlines()
    told = ("ID", "Name", "Token", "Scope", "Created", "Expires", "Last used", "State")
    assert tuple(re.split(r"  +", headings.strip())) == told
    assert re.split(r"  +", row.strip()) == [
        made["id"],
        "Žižkov [red]",
        f"{made['token'][:8]}…",
        "write",
        made["created_at"],
        "never",
        used_at,
        "active",
    ]


def test_no_list_holds_a_token(tokens: Tokens) -> None:
    token = tokens("create", "shop").stdout.strip()
    said = tokens("list").output + tokens("list", "--json").output
    assert token[:8] in said
    assert token[:9] not in said


@pytest.mark.parametrize("words", [("list",), ("create", "shop"), ("revoke", "shop")])
def test_a_database_that_is_away_is_one_line(words: tuple[str, ...]) -> None:
    url = "postgresql+psycopg2://user:hunter2@127.0.0.1:9/db"
    app = create_app(Settings(database_url=url, offers_base_url=NOWHERE, log_level="error"))
    result = app.test_cli_runner().invoke(args=["tokens", *words])
    assert (result.exit_code, result.stdout, "hunter2" in result.output) == (1, "", False)
    assert "the database is unavailable" in result.stderr

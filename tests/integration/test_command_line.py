"""The flask commands: what they do, print and exit with."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID, uuid4

import pytest
import requests
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, select

from aggregator import create_app
from aggregator.cli.console import make_console
from aggregator.clock import utc_now
from aggregator.db import reading
from aggregator.models import OffersServiceToken
from aggregator.settings import Settings
from tests.conftest import NOWHERE, REFRESH_TOKEN, MakeApp, MakeSandbox
from tests.factories import make_product, observe
from tests.integration.stored import listed_offers
from tests.sandbox_control import SandboxControl

pytestmark = pytest.mark.waits

OTHER_REFRESH_TOKEN = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
PATIENCE_S = 1.2


class Run(Protocol):
    """Runs a flask command."""

    def __call__(self, *words: object, exit_status: int = 0) -> Result: ...


@pytest.fixture
def app(make_app: MakeApp, sandbox: SandboxControl) -> Flask:
    """Return an application that calls a sandbox."""
    return make_app(offers_base_url=sandbox.base_url, offers_timeout_s=PATIENCE_S)


@pytest.fixture
def run(app: Flask, engine: Engine) -> Run:
    """Return a function that runs a command and checks how it ends."""
    return make_run(app, engine)


def make_run(app: Flask, engine: Engine) -> Run:
    def run(*words: object, exit_status: int = 0) -> Result:
        result = app.test_cli_runner().invoke(args=[str(word) for word in words])
        assert result.exit_code == exit_status, result.output
        assert isinstance(result.exception, SystemExit | None)
        assert "Traceback" not in result.output
        with reading(engine) as session:
            tokens = session.scalars(select(OffersServiceToken.token)).all()
        for token in filter(None, [REFRESH_TOKEN, *tokens]):
            assert token not in result.output
        return result

    return run


def only_error(result: Result) -> str:
    """Return the one line beside the log of a command that printed nothing else."""
    assert result.stdout == ""
    [line] = [line for line in result.stderr.splitlines() if not line.startswith("{")]
    assert line.startswith("Error: ")
    return line


def test_sign_up_obtains_one_token(run: Run, sandbox: SandboxControl) -> None:
    assert "obtained and stored" in run("offers-service", "signup").stdout
    assert "Nothing to do" in run("offers-service", "signup").stdout
    assert sandbox.requests("auth") == 1


@pytest.mark.parametrize(
    ("base_url", "words"),
    [
        pytest.param(NOWHERE, "cannot be reached", id="service-down"),
        pytest.param(None, "OFFERS_BASE_URL", id="not-set"),
    ],
)
def test_signing_up_where_nobody_is_is_an_error(
    make_app: MakeApp, engine: Engine, base_url: str | None, words: str
) -> None:
    run = make_run(make_app(offers_base_url=base_url, offers_timeout_s=0.2), engine)
    assert words in only_error(run("offers-service", "signup", exit_status=1))
    assert words in run("offers-service", "status", exit_status=1).output


def test_a_refused_sign_up_is_an_error(
    make_app: MakeApp, engine: Engine, make_sandbox: MakeSandbox
) -> None:
    url = make_sandbox(refresh_token=OTHER_REFRESH_TOKEN).base_url
    run = make_run(make_app(offers_base_url=url), engine)
    assert "refused" in only_error(run("offers-service", "signup", exit_status=1))
    status = json.loads(run("offers-service", "status", "--json", exit_status=1).stdout)
    assert "refused" in status["last_error"]


def test_a_token_that_somebody_else_holds_is_an_error(run: Run, sandbox: SandboxControl) -> None:
    headers = {"Bearer": REFRESH_TOKEN}
    held = requests.post(f"{sandbox.base_url}/auth", headers=headers, timeout=5)
    assert held.status_code == 201
    result = run("offers-service", "signup", exit_status=1)
    assert "another access token is still valid" in only_error(result)
    assert held.json()["access_token"] not in result.output


def test_status_tells_what_is_stored(run: Run, sandbox: SandboxControl) -> None:
    before = json.loads(run("offers-service", "status", "--json", exit_status=1).stdout)
    assert before == {
        "base_url": sandbox.base_url,
        "generation": 2,
        "access_token": "none stored",
        "obtained_at": None,
        "expires_at": None,
        "last_error": None,
    }
    run("offers-service", "signup")
    after = json.loads(run("offers-service", "status", "--json").stdout)
    assert after["access_token"] == "valid"
    assert after["obtained_at"] < after["expires_at"]
    rows = [line.split() for line in run("offers-service", "status").stdout.splitlines()]
    assert ["access", "token", "valid"] in rows
    assert ["expires", "at", after["expires_at"]] in rows


@pytest.mark.parametrize(
    ("options", "verdict", "exit_status"),
    [
        pytest.param({"token_ttl_s": 0}, "expired", 1, id="expired"),
        pytest.param({"generation": 1}, "valid", 0, id="without-an-end"),
    ],
)
def test_status_judges_the_token(
    make_app: MakeApp,
    make_sandbox: MakeSandbox,
    engine: Engine,
    options: dict[str, Any],
    verdict: str,
    exit_status: int,
) -> None:
    refresh_token = None if options.get("generation") == 1 else REFRESH_TOKEN
    url = make_sandbox(**options).base_url
    run = make_run(make_app(offers_base_url=url, offers_refresh_token=refresh_token), engine)
    run("offers-service", "signup")
    told = run("offers-service", "status", "--json", exit_status=exit_status).stdout
    assert json.loads(told)["access_token"] == verdict


def test_without_products_there_is_nothing_to_do(run: Run) -> None:
    assert run("products", "sync").stdout == "0 of 0 products polled.\n"


def test_register_registers_what_is_pending(
    run: Run, engine: Engine, sandbox: SandboxControl
) -> None:
    pending = [make_product(engine) for _ in range(3)]
    observe(engine, make_product(engine), {})
    assert run("products", "register").stdout == "3 of 3 products registered.\n"
    assert sandbox.registered() == set(map(str, pending))
    assert sandbox.requests("offers") == 0
    done = json.loads(run("products", "register", "--json").stdout)
    assert done == {"registered": 0, "failed": {}}


def test_sync_polls_all_products_once(run: Run, engine: Engine, sandbox: SandboxControl) -> None:
    chosen = [make_product(engine) for _ in range(3)]
    done = json.loads(run("products", "sync", "--json").stdout)
    assert done == {"polled": 3, "failed": {}}
    served = {entry["product_id"]: entry["offers"] for entry in sandbox.log()}
    assert len(sandbox.log()) == 3
    for product_id in chosen:
        assert listed_offers(engine, product_id) == {
            o["id"]: (o["price"], o["items_in_stock"]) for o in served[str(product_id)]
        }


@pytest.mark.parametrize("command", ["register", "sync"])
def test_ids_choose_products(
    run: Run, engine: Engine, sandbox: SandboxControl, command: str
) -> None:
    first, _, third = (make_product(engine) for _ in range(3))
    run("products", command, third, str(first).upper(), first)
    assert sandbox.registered() == {str(first), str(third)}
    assert sandbox.requests("register") == 2


@pytest.mark.parametrize("command", ["register", "sync"])
def test_an_unknown_id_is_an_error_and_a_malformed_one_bad_usage(
    run: Run, engine: Engine, sandbox: SandboxControl, command: str
) -> None:
    unknown, known = uuid4(), make_product(engine)
    error = only_error(run("products", command, known, unknown, exit_status=1))
    assert str(unknown) in error
    assert "1234" in run("products", command, "1234", exit_status=2).stderr
    assert sandbox.requests("register") == 0


@pytest.mark.parametrize(("command", "done"), [("register", "registered"), ("sync", "polled")])
def test_a_failure_is_told_on_standard_error(
    run: Run, engine: Engine, sandbox: SandboxControl, command: str, done: str
) -> None:
    good, bad = make_product(engine), make_product(engine)
    sandbox.faults(status=500, product_ids=[str(bad)])
    result = run("products", command, "--json", exit_status=1)
    told = json.loads(result.stdout)
    assert (told[done], list(told["failed"])) == (1, [str(bad)])
    assert result.stderr.strip() == f"{bad}: {told['failed'][str(bad)]}"
    assert sandbox.registered() == {str(good)}
    text = run("products", command, bad, exit_status=1)
    assert text.stdout == f"0 of 1 products {done}.\n"


def test_list_is_a_table_for_people_and_json_for_programs(run: Run, engine: Engine) -> None:
    names = ["[bold]Kettle[/bold] :smile:", "ž" * 255, "غلاية 🫖"]
    for name in names:
        make_product(engine, name=name, created_at=utc_now() - timedelta(seconds=1))
    priced = make_product(engine, name="Pot", product_id=UUID(int=7))
    observe(engine, priced, {UUID(int=1): (1234567, 1), UUID(int=2): (1, 0)})

    listed = list(map(json.loads, run("products", "list", "--json").stdout.splitlines()))
    assert {product["name"] for product in listed} == {*names, "Pot"}
    assert [product["best_price"] for product in listed] == [None, None, None, 1234567]

    rows = run("products", "list").stdout.splitlines()
    headings = ("ID", "Name", "Best price", "Offers", "Registered", "Last poll")
    assert tuple(re.split(r"  +", rows[0].strip())) == headings
    for row, product in zip(rows[1:], listed, strict=True):
        assert product["id"] in row
        assert product["name"] in row
    assert "1,234,567" in rows[-1]


@pytest.mark.parametrize(("room", "left_out"), [(80, {"Offers", "Registered"}), (120, set[str]())])
def test_list_never_cuts_an_id(
    run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch, room: int, left_out: set[str]
) -> None:
    product_id = make_product(engine, name="Long words " * 20)
    narrow = partial(make_console, piped_width=room)
    monkeypatch.setattr("aggregator.cli.products.make_console", narrow)
    monkeypatch.setattr("aggregator.cli.listing.make_console", narrow)
    rows = run("products", "list").stdout.splitlines()
    assert max(map(len, rows)) <= room
    assert rows[1].startswith(f"{product_id}  Long words")
    assert {name for name in ("Offers", "Registered") if name not in rows[0]} == left_out


def test_list_gives_a_terminal_nothing_to_obey(run: Run, engine: Engine) -> None:
    make_product(engine, name="a\x1b[2Jb\x9bc")
    assert "a [2Jb c" in run("products", "list").stdout


def test_list_tells_more_than_a_page(run: Run, engine: Engine) -> None:
    ids = [str(make_product(engine, product_id=UUID(int=n))) for n in range(1, 204)]
    listed = run("products", "list", "--json").stdout.splitlines()
    assert [json.loads(line)["id"] for line in listed] == ids


@pytest.mark.parametrize("command", [["products", "list"], ["products", "sync"]])
def test_a_database_that_is_away_is_one_line(command: list[str]) -> None:
    url = "postgresql+psycopg2://user:hunter2@127.0.0.1:9/db"
    app = create_app(Settings(database_url=url, offers_base_url=NOWHERE, log_level="error"))
    result = app.test_cli_runner().invoke(args=command)
    assert (result.exit_code, "hunter2" in result.output) == (1, False)
    assert "the database is unavailable" in only_error(result)

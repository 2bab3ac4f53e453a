"""``flask trend``: words, a sparkline and a table for people, the API's answer for programs."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine

from aggregator import create_app
from aggregator.cli.trend import command
from aggregator.clock import utc_now
from aggregator.settings import Settings
from tests.conftest import NOWHERE, MakeApp
from tests.factories import make_product, observe
from tests.integration.api import fetch

A, B, C, D = (UUID(int=n) for n in range(10, 14))
#: So long that few polls tell of a whole day.
KNOWN_FOR = timedelta(days=2)
#: What the worked examples of the definition ask about.
DAY = {"--from": "2024-03-01", "--to": "2024-03-01T08:00"}


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """Return an application that believes its data for long."""
    return make_app(stale_after_s=KNOWN_FOR.total_seconds())


@pytest.fixture
def kettle(engine: Engine) -> UUID:
    """Return a product with the history of the definition's example 5."""
    product_id = make_product(engine, name="[b]Kettle[/b] :smile:")
    midnight = datetime(2024, 3, 1, tzinfo=UTC)
    later = {B: (110, 9), C: (150, 9), D: (105, 9)}
    polls = {0: {A: (100, 9), B: (120, 9), C: (150, 9)}, 4: later, 8: later}
    for hour, offers in polls.items():
        at = midnight + timedelta(hours=hour)
        observe(engine, product_id, offers, at=at, stale_after=KNOWN_FOR)
    return product_id


def run(app: Flask, *words: object, exit_status: int = 0) -> Result:
    """Run the command and check how it ends."""
    result = app.test_cli_runner().invoke(args=["trend", *map(str, words)])
    assert result.exit_code == exit_status, result.output
    assert isinstance(result.exception, SystemExit | None)
    return result


def flat(options: Mapping[str, object]) -> list[object]:
    """Return options as words of a command line."""
    return [word for option in options.items() for word in option]


def test_words_sparkline_and_table(app: Flask, kettle: UUID) -> None:
    lines = run(app, kettle, *flat(DAY)).stdout.splitlines()
    assert [line.rstrip() for line in lines] == [
        "[b]Kettle[/b] :smile:, best price",
        "Up 5.0 % from 1 March 2024 00:00 to 1 March 2024 08:00; at the end 105, "
        "lowest 100 at the start, highest 105 on 1 March 2024 04:00.",
        "Why: cheaper offers left (+20), the best of those that stayed got cheaper (-10), "
        "cheaper offers came (-5). Like for like (2 offers): down 3.7 %.",
        "",
        f"100 {'▁' * 36}{'█' * 36} 105",
        "",
        "Start                  Open  Low  High  Close  Average  Known",
        *(f"Fri 01 Mar 2024 0{h}:00   100  100   100    100    100.0  100 %" for h in range(4)),
        *(f"Fri 01 Mar 2024 0{h}:00   105  105   105    105    105.0  100 %" for h in range(4, 8)),
    ]


def test_period_until_now_is_told_as_it_was_asked_for(app: Flask, engine: Engine) -> None:
    product_id = make_product(engine)
    for hours_ago, price in ((3, 17_295), (2, 18_000), (1, 16_568)):
        at = utc_now() - timedelta(hours=hours_ago)
        observe(engine, product_id, {A: (price, 1)}, at=at, stale_after=KNOWN_FOR)
    told = run(app, product_id, "--period", "150m").stdout
    assert "\nDown 4.2 % in 150 minutes; now 16,568, lowest 16,568 " in told
    default = run(app, product_id).stdout
    assert "\nDown 4.2 % in 30 days; now 16,568, " in default
    assert "\nCompared with the first price in the period: 17,295, " in default


def test_one_offer_of_a_product(app: Flask, kettle: UUID) -> None:
    lines = run(app, kettle, "--offer", A, *flat(DAY)).stdout.splitlines()
    assert lines[0].endswith(f", offer {A}")
    assert lines[1].startswith("Unchanged from ")
    assert lines[2] == "Not in stock from 1 March 2024 04:00 on."
    assert lines[3] == "In stock for 50 % of the time."


def test_options_reach_the_question(app: Flask, kettle: UUID) -> None:
    told = run(
        app, kettle, "--aggregate", "mean", "--endpoints", "strict", "--tz", "Europe/Prague",
        "--from", "2024-02-29T22:00Z", "--to", "2024-03-01T08:00Z",
    ).stdout  # fmt: skip
    assert ", mean price\n" in told
    assert "\nNo price at the start, so no change to tell from 29 February 2024 23:00 " in told
    assert "\nTimes are those of Europe/Prague.\n" in told
    assert re.search(r"\n2 hours +not known\nFri 01 Mar 2024 01:00 ", told)


@pytest.mark.parametrize(("interval", "rows"), [("auto", 8), ("PT15M", 32), ("P1D", 1)])
def test_interval_is_that_of_the_table(app: Flask, kettle: UUID, interval: str, rows: int) -> None:
    told = run(app, kettle, "--interval", interval, *flat(DAY)).stdout
    assert len(re.findall("^Fri 01 Mar 2024", told, re.MULTILINE)) == rows
    assert f"100 {'▁' * 36}{'█' * 36} 105" in told


def test_nothing_is_drawn_where_nothing_was_observed(app: Flask, engine: Engine) -> None:
    told = run(app, make_product(engine)).stdout
    assert told == "Kettle, best price\nNo poll has seen this product yet.\n"


def test_nothing_is_drawn_where_nothing_is_known(app: Flask, kettle: UUID) -> None:
    told = run(app, kettle, "--from", "2024-03-05", "--to", "2024-03-06").stdout
    assert told.splitlines()[1:] == [
        "Unchanged from 5 March 2024 00:00 to 6 March 2024 00:00; at the end 105.",
        "The price at the start is uncertain, last seen on 1 March 2024 08:00.",
        "The price at the end is uncertain, last seen on 1 March 2024 08:00.",
        "Known for 0 % of the time.",
    ]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="plain"),
        pytest.param({"aggregate": "median", "interval": "PT6H"}, id="median"),
        pytest.param({"tz": "Europe/Prague", "endpoints": "strict"}, id="zone"),
    ],
)
def test_json_is_what_the_api_answers(app: Flask, kettle: UUID, options: dict[str, str]) -> None:
    asked = {"from": "2024-03-01", "to": "2024-03-01T08:00"} | options
    words = flat({f"--{name}": value for name, value in asked.items()})
    told = run(app, kettle, "--json", *words).stdout
    assert told.count("\n") == 1
    answer = fetch(app.test_client(), f"{kettle}/trend?{urlencode(asked)}")
    assert json.loads(told) == answer


def test_json_of_an_offer_is_what_the_api_answers(app: Flask, kettle: UUID) -> None:
    told = run(app, kettle, "--json", "--offer", str(A).upper(), *flat(DAY)).stdout
    query = "from=2024-03-01&to=2024-03-01T08:00"
    assert json.loads(told) == fetch(app.test_client(), f"{kettle}/offers/{A}/trend?{query}")


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--period", "7 days"], "period: This must be a duration"),
        (["--from", "yesterday"], "from: This must be an RFC 3339 instant"),
        (["--from", "2999-01-01"], "from: This must be earlier than now."),
        (["--tz", "Prague"], "tz: This must be the IANA name"),
        (["--interval", "PT1M"], "interval: PT1M gives more than 1000 buckets"),
        (["--offer", D, "--from", "2999-01-01"], "from: This must be earlier than now."),
        (["--offer", UUID(int=1)], "Product "),
        (["--offer", A, "--aggregate", "best"], "An offer has one price"),
        (["--from", "2024-01-01", "--to", "2024-01-02", "--period", "1d"], "period: Give at most"),
    ],
    ids=str,
)
def test_what_cannot_be_answered_is_one_line(
    app: Flask, kettle: UUID, words: list[object], form: list[str], told: str
) -> None:
    result = run(app, kettle, *words, *form, exit_status=1)
    assert only_error(result).startswith(f"Error: {told}")


def test_all_that_is_wrong_is_told_in_one_line(app: Flask, kettle: UUID) -> None:
    error = only_error(run(app, kettle, "--period", "x", "--tz", "y", exit_status=1))
    assert " period: This must be" in error
    assert " tz: This must be" in error


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
def test_unknown_product_is_one_line(app: Flask, form: list[str]) -> None:
    unknown = uuid4()
    result = run(app, unknown, *form, exit_status=1)
    assert only_error(result) == f"Error: There is no product {unknown}."


def test_malformed_id_is_bad_usage(app: Flask) -> None:
    assert "1234" in run(app, "1234", exit_status=2).stderr


def test_database_that_is_away_is_one_line() -> None:
    url = "postgresql+psycopg2://user:hunter2@127.0.0.1:9/db"
    away = create_app(Settings(database_url=url, offers_base_url=NOWHERE, log_level="error"))
    error = only_error(run(away, uuid4(), exit_status=1))
    assert "the database is unavailable" in error
    assert "hunter2" not in error


class Terminal(io.StringIO):
    """Standard output that somebody looks at."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_terminal_is_filled_and_prices_are_never_cut(
    app: Flask, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    product_id = make_product(engine)
    for minute, price in ((0, 1_234_567), (30, 1_111_111), (60, 1_111_111)):
        at = datetime(2024, 3, 1, tzinfo=UTC) + timedelta(minutes=minute)
        observe(engine, product_id, {A: (price, 1)}, at=at, stale_after=KNOWN_FOR)
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", terminal)
    with app.app_context():
        asked = ["--from", "2024-03-01", "--period", "1h", "--interval", "PT1H"]
        command.main([str(product_id), *asked], standalone_mode=False)
    words, line, table = re.sub(r"\x1b\[\d*m", "", terminal.getvalue()).split("\n\n")
    assert max(map(len, words.splitlines())) <= 50
    assert len(line) == 50
    row = "Fri 01 Mar 2024 00:00  1,234,567  1,111,111  1,234,567  1,111,111  1,172,839.0  100 %"
    assert table.splitlines()[1].rstrip() == row


def only_error(result: Result) -> str:
    """Return the one line on standard error of a command that printed nothing else."""
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("Error: ")
    return line

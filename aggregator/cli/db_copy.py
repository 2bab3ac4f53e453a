"""``flask db-copy``: a whole database into another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click
from flask import current_app
from flask.cli import with_appcontext
from marshmallow import ValidationError
from rich.table import Table

from aggregator.cli.console import make_console
from aggregator.cli.errors import one_line_errors
from aggregator.cli.progress import progress_bar
from aggregator.clock import utc_now
from aggregator.db import reading, unit_of_work
from aggregator.engines import connected
from aggregator.environment import read_database_url
from aggregator.services.copying import CopiedTable, check_ready, copy_tables, count_rows
from aggregator.services.pollers import GONE_AFTER, list_pollers


def _read_url(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    if value is None:
        raise click.UsageError("Name the source: as SOURCE_URL, or in SOURCE_DATABASE_URL.")
    try:
        return read_database_url(value)
    except ValidationError as error:
        raise click.BadParameter(f"It {error.messages[0]}.") from None


@click.command("db-copy")
@click.argument("source_url", callback=_read_url, envvar="SOURCE_DATABASE_URL", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
@one_line_errors()
def command(source_url: str, as_json: bool) -> None:
    """Copy a whole database into another.

    All that the database SOURCE_URL holds goes into that of DATABASE_URL. The target must be
    migrated and empty; it gets all or nothing. Each table is read again there and compared. Stop
    the pollers first: what is written to the source meanwhile is not copied. A password need not
    stand in the command line: SOURCE_DATABASE_URL in the environment serves.
    """
    with (
        connected(source_url, current_app.instance_path) as engine,
        reading(engine) as source,
        unit_of_work() as target,
        progress_bar() as progress,
    ):
        check_ready(source, target)
        latest = utc_now() - GONE_AFTER
        if any(poller.seen_at > latest for poller in list_pollers(source)):
            click.echo(
                "Warning: a poller was seen at the source lately. What it stores from now on "
                "is not copied.",
                err=True,
            )
        task = progress.add_task("", total=sum(count_rows(source).values()))

        def show(table: str, n_rows: int) -> None:
            progress.update(task, description=table, advance=n_rows)

        copied = list(copy_tables(source, target, show))
    _report(copied, as_json)


def _report(copied: Sequence[CopiedTable], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"tables": [asdict(table) for table in copied]}))
        return
    listed = Table("Table", box=None)
    listed.add_column("Rows", justify="right")
    listed.add_column("Digest", no_wrap=True)
    for table in copied:
        listed.add_row(table.name, f"{table.n_rows:,}", table.digest[:16])
    make_console().print(listed)
    n_rows = sum(table.n_rows for table in copied)
    click.echo(f"{n_rows:,} rows were copied. Both databases hold the same.")

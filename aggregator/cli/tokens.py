"""``flask tokens``: who may call the API."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

import click
from flask.cli import AppGroup
from rich.table import Table
from rich.text import Text

from aggregator.cli.errors import one_line_errors
from aggregator.cli.listing import Item, print_items
from aggregator.clock import from_ms, to_ms, utc_now
from aggregator.db import reading, unit_of_work
from aggregator.history.durations import move, read_duration
from aggregator.history.instants import UTC, read_instant
from aggregator.schemas.api_tokens import ApiTokenSchema
from aggregator.services import api_tokens
from aggregator.services.api_tokens import READ, WRITE, StoredToken

group = AppGroup("tokens", help="The tokens that clients of the API carry.")


def _read_name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    name = value.strip()
    if not (name.isprintable() and 1 <= len(name) <= 255):
        raise click.BadParameter("must have 1 to 255 characters that can be printed.")
    return name


@group.command()
@click.argument("name", callback=_read_name)
@click.option(
    "--scope", type=click.Choice([READ, WRITE]), default=READ, show_default=True, help="Its rights."
)
@click.option("--expires-in", metavar="DURATION", help="Such as 90d or 1y. Default: never.")
@click.option("--expires-at", metavar="INSTANT", help="Such as 2027-01-01.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@one_line_errors()
def create(
    name: str, scope: str, expires_in: str | None, expires_at: str | None, as_json: bool
) -> None:
    """Make a token for a client, and print it: this once."""
    now = utc_now()
    expiry = _read_expiry(expires_in, expires_at, now)
    with unit_of_work() as session:
        token, text = api_tokens.create_token(
            session, name=name, scope=scope, expires_at=expiry, now=now
        )
    click.echo(json.dumps(_dump(token, now) | {"token": text}) if as_json else text)
    click.echo("This token is shown only now: keep it in a safe place.", err=True)


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@one_line_errors()
def list_(as_json: bool) -> None:
    """List all tokens ever made, oldest first."""
    now = utc_now()
    with reading() as session:
        listed = [_dump(token, now) for token in api_tokens.list_tokens(session)]
    print_items(listed, _table, as_json=as_json)


@group.command()
@click.argument("id_or_name", metavar="ID|NAME")
@one_line_errors()
def revoke(id_or_name: str) -> None:
    """Make a token useless at once.

    It is named by its id or its name.
    """
    with unit_of_work() as session:
        api_tokens.revoke_token(session, id_or_name, now=utc_now())
    click.echo("Revoked.")


def _read_expiry(expires_in: str | None, expires_at: str | None, now: datetime) -> datetime | None:
    """Return when a token expires, None for never.

    :raises InvalidInput: A text names no duration, or no instant.
    """
    if expires_in is not None and expires_at is not None:
        raise click.UsageError("Give --expires-in or --expires-at, not both.")
    if expires_in is not None:
        return _add(now, expires_in)
    if expires_at is None:
        return None
    expiry = from_ms(read_instant("--expires-at", expires_at))
    if expiry <= now:
        raise click.UsageError("--expires-at must be in the future.")
    return expiry


def _add(now: datetime, expires_in: str) -> datetime:
    lifetime = read_duration("--expires-in", expires_in)
    try:
        return from_ms(move(to_ms(now), lifetime, UTC))
    except ValueError:
        raise click.UsageError("--expires-in leads beyond the year 9999.") from None


def _dump(token: StoredToken, now: datetime) -> Item:
    dumped: Item = ApiTokenSchema().dump(token)
    return dumped | {"state": token.state(now)}


def _table(listed: Iterable[Item]) -> Table:
    table = Table(box=None)
    for heading in ("ID", "Name", "Token", "Scope", "Created", "Expires", "Last used", "State"):
        table.add_column(heading, no_wrap=heading != "Name")
    for token in listed:
        table.add_row(
            token["id"],
            Text(token["name"]),
            f"{token['prefix']}…",
            token["scope"],
            token["created_at"],
            token["expires_at"] or "never",
            token["last_used_at"] or "never",
            token["state"],
        )
    return table

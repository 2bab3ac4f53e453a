"""``flask offers-service``: the access to the offers service."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click
from flask.cli import AppGroup

from aggregator import current
from aggregator.cli.connect import patient_offers_service
from aggregator.cli.errors import one_line_errors
from aggregator.clock import utc_now
from aggregator.services.access import StoredAccess

_VALID = "valid"
group = AppGroup("offers-service", help="The access to the offers service.")


@group.command()
@one_line_errors()
def signup() -> None:
    """Obtain and store the access token, unless a good one is stored."""
    if patient_offers_service().sign_up():
        click.echo("Signed up: an access token was obtained and stored.")
    else:
        click.echo("Nothing to do: a good access token is stored already.")


@group.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@one_line_errors()
def status(as_json: bool) -> None:
    """Show which service is called, and what is known of the access token.

    Exit status 0 only where a token is stored that has not expired.
    """
    offers_service = current.offers_service()
    report = {
        "base_url": offers_service.base_url,
        "generation": offers_service.generation,
        **_describe(offers_service.find_access(), utc_now()),
    }
    if as_json:
        click.echo(json.dumps(report))
    else:
        for name, value in report.items():
            click.echo(f"{name.replace('_', ' '):14}{'-' if value is None else value}")
    if report["access_token"] != _VALID:
        raise click.exceptions.Exit(1)


def _describe(stored: StoredAccess | None, now: datetime) -> dict[str, Any]:
    token = stored.token if stored else None
    expires_at = token.expires_at if token else None
    verdict = _verdict(token is not None, expires_at, now)
    return {
        "access_token": verdict,
        "obtained_at": _isoformat(stored.obtained_at if stored else None),
        "expires_at": _isoformat(expires_at),
        "last_error": stored.last_error if stored and verdict != _VALID else None,
    }


def _verdict(known: bool, expires_at: datetime | None, now: datetime) -> str:
    if not known:
        return "none stored"
    return "expired" if expires_at is not None and expires_at <= now else _VALID


def _isoformat(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds") if instant else None

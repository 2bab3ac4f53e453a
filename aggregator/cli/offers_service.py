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
from aggregator.services.access import AccessState, StoredAccess

group = AppGroup("offers-service", help="The access to the offers service.")


@group.command()
@one_line_errors()
def signup() -> None:
    """Obtain and store an access token.

    A stored one that the service takes is left as it is.
    """
    if patient_offers_service().sign_up():
        click.echo("Signed up: an access token was obtained and stored.")
    else:
        click.echo("Nothing to do: a good access token is stored already.")


@group.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@one_line_errors()
def status(as_json: bool) -> None:
    """Show how the access stands.

    The offers service is not asked. Exit status 0 only where a token is stored that has neither
    expired nor was refused.
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
    if report["access_token"] != AccessState.VALID:
        raise click.exceptions.Exit(1)


def _describe(stored: StoredAccess | None, now: datetime) -> dict[str, Any]:
    token = stored.token if stored else None
    expires_at = token.expires_at if token else None
    return {
        "access_token": stored.state(now) if stored else AccessState.NONE_STORED,
        "obtained_at": _isoformat(stored.obtained_at if stored else None),
        "expires_at": _isoformat(expires_at),
        "last_error": stored.last_error if stored else None,
    }


def _isoformat(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds") if instant else None

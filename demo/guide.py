"""Waits for the web server, fills an empty catalogue, and says what to try first."""

from __future__ import annotations

import os
import signal
import sys
import time
from http import HTTPStatus

import requests

from demo.samples import SAMPLES

_STARTING_S = 30.0

_WELCOME = """\

Product Aggregator is running. In a browser, open

    {origin}/

Prices move while you look. To try the API out, open {origin}/docs,
or in another terminal:

    curl {api}/products
    curl {api}/products/{id}/offers
    curl {api}/products -H 'Content-Type: application/json' -d '{{"name": "Hammock"}}'

{commands}Ctrl-C ends everything; the data stays.
"""

_COMMANDS = """\
Commands want to know the offers service that runs here:

    . .venv/bin/activate
    export OFFERS_BASE_URL={base_url}
    export OFFERS_REFRESH_TOKEN={refresh_token}
    export POLL_INTERVAL_S={poll_interval_s}
    flask --app wsgi products list

"""

_CLOSED = """\

API_AUTH asks for a token, which the calls below go without; no sample products were made.
In another terminal, make a token with

    .venv/bin/flask --app wsgi tokens create me --scope write
"""


def main(api: str, sandbox: str | None = None) -> int:
    """Guide the newcomer, then wait until told to end.

    :param api: base of the running API.
    :param sandbox: base of the sandbox that runs beside it, None where a real service is called.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    found = {"origin": api.removesuffix("/api/v1"), "id": _find_or_create(api)}
    commands = _tell_commands(sandbox) if sandbox else ""
    sys.stdout.write(_WELCOME.format(api=api, commands=commands, **found))
    sys.stdout.flush()
    while True:
        signal.pause()


def _tell_commands(sandbox: str) -> str:
    refresh_token = os.environ["OFFERS_REFRESH_TOKEN"]
    poll_interval_s = os.environ["POLL_INTERVAL_S"]
    return _COMMANDS.format(
        base_url=sandbox, refresh_token=refresh_token, poll_interval_s=poll_interval_s
    )


def _find_or_create(api: str) -> str:
    """Return some product's id, or what stands for one where products ask for a token."""
    try:
        if found := _first_product(api):
            return found
        _create_samples(api)
        return _first_product(api) or "{id}"
    except requests.HTTPError as error:
        if error.response.status_code != HTTPStatus.UNAUTHORIZED:
            raise
        sys.stdout.write(_CLOSED)
        return "{id}"


def _first_product(api: str) -> str | None:
    """Return some product's id, None where the catalogue is empty."""
    give_up_at = time.monotonic() + _STARTING_S
    while True:
        try:
            response = requests.get(f"{api}/products?limit=1", timeout=5)
        except requests.ConnectionError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.2)
        else:
            response.raise_for_status()
            items = response.json()["items"]
            return items[0]["id"] if items else None


def _create_samples(api: str) -> None:
    products = [{"name": name, "description": description} for name, description in SAMPLES]
    requests.post(f"{api}/products/import", json=products, timeout=10).raise_for_status()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

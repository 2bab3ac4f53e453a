"""Waits for the web server, fills an empty catalogue, and says what to try first."""

from __future__ import annotations

import signal
import sys
import time

import requests

from demo.samples import SAMPLES

_STARTING_S = 30.0

_WELCOME = """\

Product Aggregator is running. In a browser, open

    {api}/products

and reload after a few seconds: prices move every minute by themselves.
In another terminal:

    curl {api}/products
    curl {api}/products/{id}/offers
    curl {api}/products -H 'Content-Type: application/json' -d '{{"name": "Hammock"}}'

Ctrl-C ends everything; the data stays.
"""


def main(api: str) -> int:
    """Guide the newcomer, then wait until told to end.

    :param api: base of the running API.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    first = _first_product(api) or _create_samples(api)
    sys.stdout.write(_WELCOME.format(api=api, id=first))
    sys.stdout.flush()
    while True:
        signal.pause()


def _first_product(api: str) -> str | None:
    """Return some product's id, None where the catalogue is empty."""
    give_up_at = time.monotonic() + _STARTING_S
    while True:
        try:
            items = requests.get(f"{api}/products?limit=1", timeout=5).json()["items"]
        except requests.ConnectionError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.2)
        else:
            return items[0]["id"] if items else None


def _create_samples(api: str) -> str:
    """Create the sample products; return the first one's id."""
    ids = []
    for name, description in SAMPLES:
        product = {"name": name, "description": description}
        response = requests.post(f"{api}/products", json=product, timeout=10)
        response.raise_for_status()
        ids.append(response.json()["id"])
    return str(ids[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

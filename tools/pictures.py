"""``python -m tools.pictures``: takes the pictures in ``docs/pictures`` of the real pages.

They show a month of history that ends now. It takes a few minutes and needs Chromium.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import requests
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import launch
from tests.databases import migrated
from tests.e2e.processes import WEB, Process, environ, free_port
from tools import month

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
_NOWHERE = "http://127.0.0.1:9/api/v1"
_WIDE, _TALL, _PHONE = (1280, 860), (1280, 1140), (390, 844)


class Picture(NamedTuple):
    """A page to take a picture of."""

    name: str
    path: str
    """With the name of a product for its id, in braces."""
    size: tuple[int, int] = _WIDE
    scheme: Literal["light", "dark"] = "light"


PICTURES = (
    Picture("catalogue", "/?period=7d"),
    Picture("catalogue-phone-dark", "/?period=7d", _PHONE, "dark"),
    Picture("product", "/products/{Robot mower}?period=30d", _TALL),
    Picture("product-dark", "/products/{Gravel bicycle}?period=7d", _TALL, "dark"),
    Picture("movers", "/movers?period=7d"),
    Picture("status", "/status"),
)


def main() -> None:
    """Take all pictures."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        url = migrated(f"sqlite:///{folder}/aggregator.db")
        month.main([url])
        with _served(url, Path(folder)) as origin, sync_playwright() as playwright:
            browser = launch(playwright)
            for picture in PICTURES:
                _take(browser, origin, picture)
            browser.close()


@contextmanager
def _served(url: str, folder: Path) -> Iterator[str]:
    port = free_port()
    settings = environ(url, _NOWHERE, PORT=str(port), POLL_INTERVAL_S="60")
    web = Process(WEB, settings, folder / "web.log")
    try:
        web.wait_for("Booting worker")
        yield f"http://127.0.0.1:{port}"
    finally:
        web.stop()


def _take(browser: Browser, origin: str, picture: Picture) -> None:
    width, height = picture.size
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme=picture.scheme,
        reduced_motion="reduce",
    )
    page.goto(origin + _fill(origin, picture.path), wait_until="networkidle")
    path = FOLDER / f"{picture.name}.png"
    page.screenshot(path=path)
    page.close()
    sys.stdout.write(f"{path.name}: {path.stat().st_size / 1000:.0f} kB\n")


def _fill(origin: str, path: str) -> str:
    """Return the path with a product's id for its name."""
    before, brace, rest = path.partition("{")
    if not brace:
        return path
    name, _, after = rest.partition("}")
    found = requests.get(f"{origin}/api/v1/products", params={"q": name}, timeout=10).json()
    return f"{before}{found['items'][0]['id']}{after}"


if __name__ == "__main__":
    main()

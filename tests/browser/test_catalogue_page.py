"""The catalogue's page in a browser: it answers while one types, and keeps up to date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Locator, expect

from tests.browser.visit import Visit
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

#: Until a poll has come, and a refresh after it.
PATIENCE_MS = 60_000
NAMES = ("Quincunx lamp", "Quincunx <b>chair</b>", f"Quincunx {'x' * 200}")


@pytest.fixture(scope="module")
def api(origin: str) -> str:
    """Return where products are created."""
    return f"{origin}/api/v1/products"


@pytest.fixture(scope="module")
def created(api: str) -> Iterator[list[dict[str, Any]]]:
    """Create products that share a word, and wait until all have been polled."""
    ids = [requests.post(api, json={"name": name}, timeout=10).json()["id"] for name in NAMES]

    def read() -> list[dict[str, Any]]:
        answer = requests.get(f"{api}?q=quincunx&in_stock=true&sort=best_price", timeout=10)
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    wait_until(lambda: len(read()) == len(ids))
    yield read()
    for id_ in ids:
        requests.delete(f"{api}/{id_}", timeout=10)


def names(visit: Visit) -> Locator:
    """Return the names of the products shown."""
    return visit.page.get_by_role("rowheader")


@pytest.mark.usefixtures("created")
def test_what_is_typed_is_searched_for_at_once(visit: Visit) -> None:
    visit.open("/?sort=-created_at")
    search = visit.page.get_by_role("searchbox", name="Search")
    search.press_sequentially("quincunx CHA", delay=20)
    expect(names(visit)).to_have_text(["Quincunx <b>chair</b>"])
    expect(visit.page).to_have_url(re.compile(r"\?q=quincunx\+CHA&"))
    search.press_sequentially("ndelier")
    expect(visit.page.get_by_text("Nothing found.")).to_be_visible()
    search.fill("?!")
    expect(visit.page.get_by_text("There is no letter or digit in this.")).to_be_visible()
    expect(search).to_have_attribute("aria-invalid", "true")
    expect(search).to_be_focused()
    expect(search).to_have_value("?!")
    visit.page.reload()
    expect(search).to_have_value("?!")


def test_order_and_filters_go_by_keyboard(visit: Visit, created: list[dict[str, Any]]) -> None:
    visit.open("/?q=quincunx")
    visit.page.get_by_label("Order").focus()
    visit.page.keyboard.type("Dear")
    shown = [product["name"] for product in reversed(created)]
    expect(visit.page).to_have_url(re.compile("sort=-best_price"))
    expect(names(visit)).to_have_count(len(shown))
    visit.page.keyboard.press("Tab")
    expect(visit.page.get_by_label("Price from")).to_be_focused()
    visit.page.keyboard.type("99999999999")
    expect(visit.page.get_by_text("Nothing found.")).to_be_visible()
    visit.page.keyboard.press("Control+A")
    visit.page.keyboard.press("Delete")
    expect(names(visit)).to_have_count(len(shown))
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("Space")
    expect(visit.page).to_have_url(re.compile("in_stock=true"))
    names(visit).first.get_by_role("link").press("Enter")
    expect(visit.page).to_have_url(re.compile(r"/products/[0-9a-f-]{36}$"))


def test_prices_products_and_troubles_arrive_without_a_reload(
    visit: Visit, created: list[dict[str, Any]], api: str
) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 300})
    visit.open("/?q=quincunx")
    row = visit.page.locator(f"#product-{created[0]['id']}")
    price, link = row.locator(".price"), row.get_by_role("link")
    link.focus()
    row.evaluate("row => { row.mark = 'the same'; }")
    top = "link => link.getBoundingClientRect().top"
    before = link.evaluate(top)
    expect(price).not_to_have_text(price.inner_text(), timeout=PATIENCE_MS)
    # What is said above it may by now be a line longer, or shorter.
    assert link.evaluate(top) == pytest.approx(before, abs=60)

    new = requests.post(api, json={"name": "Quincunx 0"}, timeout=10).json()["id"]
    expect(names(visit)).to_have_text(["Quincunx 0", *sorted(NAMES)], timeout=PATIENCE_MS)
    requests.delete(f"{api}/{new}", timeout=10)
    expect(names(visit)).to_have_count(len(NAMES), timeout=PATIENCE_MS)
    expect(link).to_be_focused()
    assert row.evaluate("row => row.mark") == "the same"

    trouble = visit.page.get_by_text("Not updating")
    visit.page.context.set_offline(True)
    expect(trouble).to_be_visible(timeout=PATIENCE_MS)
    visit.page.context.set_offline(False)
    expect(trouble).to_be_hidden(timeout=PATIENCE_MS)


@pytest.mark.usefixtures("created")
def test_page_fits_a_small_phone_and_needs_no_script(visit: Visit) -> None:
    visit.page.route(re.compile(r"\.js\b"), lambda route: route.abort())
    visit.page.set_viewport_size({"width": 320, "height": 600})
    visit.open("/?q=quincunx")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 320
    visit.page.get_by_label("Search").fill("quincunx lamp")
    visit.page.get_by_role("button", name="Show").click()
    expect(names(visit)).to_have_text(["Quincunx lamp"])

"""Adding, editing, deleting and importing, as people do it; and signing in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Locator, expect

from aggregator.engines import connected
from tests.browser.visit import Visit, visiting
from tests.databases import migrated
from tests.e2e.processes import WEB, Process, environ, free_port
from tests.factories import make_token

pytestmark = pytest.mark.waits

FILE = "name,description\nDropped,from above\n,nameless\n"
_DROP = """(text) => {
  const files = new DataTransfer();
  files.items.add(new File([text], "products.csv", { type: "text/csv" }));
  const how = { bubbles: true, cancelable: true, dataTransfer: files };
  document.body.dispatchEvent(new DragEvent("dragover", how));
  document.body.dispatchEvent(new DragEvent("drop", how));
}"""


def heading(visit: Visit) -> Locator:
    """Return the heading of the page."""
    return visit.page.locator("h1")


def add(visit: Visit, name: str) -> str:
    """Add a product by the API and return its id."""
    response = requests.post(f"{visit.origin}/api/v1/products", json={"name": name}, timeout=20)
    product_id: str = response.json()["id"]
    return product_id


def name_of(visit: Visit, product_id: str) -> str:
    """Return a product's name."""
    response = requests.get(f"{visit.origin}/api/v1/products/{product_id}", timeout=20)
    name: str = response.json()["name"]
    return name


def test_a_product_is_added_by_keyboard_once_its_faults_are_mended(visit: Visit) -> None:
    visit.open("/products/new")
    keyboard, name = visit.page.keyboard, visit.page.get_by_label("Name")
    expect(name).to_be_focused()
    keyboard.press("Tab")
    keyboard.insert_text("x" * 10_001)
    keyboard.press("Tab")
    keyboard.press("Enter")
    description = visit.page.get_by_label("Description")
    expect(name).to_be_focused()
    for field, told in (
        (name, "This may not be empty."),
        (description, "This may have at most 10000 characters."),
    ):
        expect(field).to_have_attribute("aria-invalid", "true")
        described_by = (field.get_attribute("aria-describedby") or "").split()
        expect(visit.page.locator(f"#{described_by[0]}")).to_have_text(told)
    expect(description).to_have_value("x" * 10_001)
    keyboard.insert_text("By keyboard")
    keyboard.press("Tab")
    keyboard.press("Control+a")
    keyboard.insert_text("alone")
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(visit.page.get_by_text("Added to the catalogue.")).to_be_visible()
    product_id = visit.page.url.rpartition("/")[2].partition("#")[0]
    assert name_of(visit, product_id) == "By keyboard"


def test_a_product_that_others_change_is_edited_and_deleted(visit: Visit) -> None:
    product_id = add(visit, "Edited")
    visit.open(f"/products/{product_id}/edit")
    visit.page.get_by_label("Name").fill("Mine")
    path = f"{visit.origin}/api/v1/products/{product_id}"
    requests.patch(path, json={"name": "Theirs"}, timeout=20)
    visit.page.get_by_role("button", name="Save").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("Somebody else changed this product")
    expect(visit.page.get_by_text("Theirs")).to_be_visible()
    expect(visit.page.get_by_label("Name")).to_have_value("Mine")
    visit.page.get_by_role("button", name="Store mine instead").click()
    expect(visit.page.get_by_text("Saved.")).to_be_visible()
    visit.page.reload()
    expect(visit.page.get_by_text("Saved.")).to_be_hidden()
    assert name_of(visit, product_id) == "Mine"
    visit.open(f"/products/{product_id}/delete")
    expect(visit.page.locator("main")).to_contain_text("Mine")
    visit.page.get_by_role("button", name="Delete product").click()
    expect(visit.page.get_by_text("Deleted.")).to_be_visible()
    visit.open(f"/products/{product_id}/edit")
    expect(heading(visit)).to_have_text("Product not found")


def test_a_file_is_dropped_looked_at_and_imported(visit: Visit) -> None:
    visit.open("/products/import")
    visit.page.evaluate(_DROP, FILE)
    row = visit.page.get_by_role("row", name="2 name This field is required.")
    expect(row).to_be_visible()
    button = visit.page.get_by_role("button", name="Import 1 product, and skip 1 faulty row")
    expect(visit.page.get_by_text("choose the file once more")).to_have_count(0)
    button.click()
    expect(visit.page.get_by_text("1 product was imported.")).to_be_visible()
    visit.page.get_by_role("button", name="Check").click()
    expect(visit.page.locator("dd")).to_have_text(["0", "1", "1"])


@pytest.fixture
def closed(browser: Browser, tmp_path: Path) -> Iterator[tuple[Visit, str]]:
    """Return a visitor of a catalogue that asks everybody for a token, and such a token."""
    url, port = migrated(f"sqlite:///{tmp_path}/aggregator.db"), free_port()
    with connected(url, str(tmp_path)) as engine:
        token = make_token(engine)
    settings = environ(url, "http://127.0.0.1:9/api/v1", PORT=str(port), API_AUTH="all")
    web = Process(WEB, settings, tmp_path / "web.log")
    web.wait_for("Booting worker")
    with visiting(browser, f"http://127.0.0.1:{port}") as visitor:
        yield visitor, token
    web.stop()
    assert web.leaks() == []


def test_who_signs_in_sees_the_page_that_was_wanted_until_signing_out(
    closed: tuple[Visit, str],
) -> None:
    visit, token = closed
    visit.open("/products/new")
    field = visit.page.get_by_label("API token")
    expect(field).to_be_focused()
    field.fill(token[:-1])
    field.press("Enter")
    expect(visit.page.get_by_text("This token is unknown")).to_be_visible()
    expect(field).to_have_value("")
    field.fill(token)
    field.press("Enter")
    expect(heading(visit)).to_have_text("New product")
    read = "fetch('/api/v1/products').then((answer) => answer.status)"
    assert visit.page.evaluate(read) == 200
    visit.page.get_by_role("button", name="Sign out").click()
    expect(heading(visit)).to_have_text("Sign in")
    assert visit.page.evaluate(read) == 401

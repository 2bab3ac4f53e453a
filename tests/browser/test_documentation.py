"""The documentation in a real browser: complete without anybody else, and enough to go by."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import expect

from aggregator.openapi.operations import walk
from tests.browser.visit import Visit, json_in
from tests.waiting import wait_until
from tools.postman.samples import write_body

pytestmark = pytest.mark.waits


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/docs", "Return the trend of one offer's price"),
        ("/redoc", "Return the trend of one offer's price"),
        ("/problems", "Product in another version"),
        ("/problems/product-changed", "Read the product again"),
    ],
)
def test_page_shows_what_it_is_for_and_asks_nobody_else(
    visit: Visit, path: str, words: str
) -> None:
    visit.open(path)
    expect(visit.page.get_by_text(words).first).to_be_attached()


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_page_fits_a_phone(visit: Visit, path: str) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.open(path)
    width = visit.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


def test_problem_is_explained_one_click_away(visit: Visit) -> None:
    visit.open("/problems")
    visit.page.get_by_role("link", name="Product exists already").click()
    expect(visit.page).to_have_url(f"{visit.origin}/problems/product-exists")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Product exists already")


def test_products_are_listed_without_filling_anything_in(visit: Visit) -> None:
    visit.open("/docs")
    status, shown = visit.try_out("products-list_products")
    assert status == 200
    assert json_in(shown)["links"]["self"].startswith("/api/v1/products")


def test_every_body_is_good_as_it_is_found(visit: Visit) -> None:
    api = f"{visit.origin}/api/v1/products"
    one = {"product_id": requests.post(api, json={"name": "Kettle"}, timeout=10).json()["id"]}
    document = requests.get(f"{visit.origin}/openapi.json", timeout=10).json()
    visit.open("/docs")
    tried = {}
    for path, _, operation in walk(document):
        given = one if "{product_id}" in path else {}
        name = f"{operation['tags'][0]}-{operation['operationId']}"
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            # Inputs of browsers end lines in one way alone.
            example = (media_type, write_body(content["example"]).replace("\r\n", "\n"))
            tried[name, media_type] = visit.try_out(name, given, example=example)[0]
    assert tried
    assert {key: status for key, status in tried.items() if not 200 <= status < 300} == {}


def test_opened_operation_fits_a_phone_and_is_no_longer_than_it_need_be(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.open("/docs")
    block = visit.page.locator("#operations-products-list_products")
    block.locator(".opblock-summary-control").click()
    block.locator('.response[data-code="422"]').get_by_text("Schema", exact=True).click()
    expect(block.locator('.response[data-code="422"] .model-box')).to_be_visible()
    expect(block.locator('.response[data-code="200"] .headers-wrapper')).to_be_visible()
    expect(block.locator('.response[data-code="422"] .headers-wrapper')).to_be_hidden()
    expect(block.locator(".response-col_links").first).to_be_hidden()
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
    cells = block.locator("table td:visible").all()
    widths = {cell.inner_text(): cell.evaluate("cell => cell.clientWidth") for cell in cells}
    assert widths
    assert [told for told, width in widths.items() if width < 250] == []


def test_whoever_knows_only_the_documentation_can_do_the_tour(visit: Visit) -> None:
    visit.open("/docs")

    status, shown = visit.try_out("products-create_product")
    created = json_in(shown)
    assert (status, created["name"]) == (201, "Benzinová sekačka")
    one = {"product_id": created["id"]}

    wait_until(
        lambda: json_in(visit.try_out("products-get_product", one)[1])["checked_at"] is not None
    )
    status, shown = visit.try_out("offers-list_offers", one | {"in_stock": "true", "limit": "2"})
    offers = json_in(shown)
    assert (status, bool(offers["items"])) == (200, True)

    status, shown = visit.try_out("products-patch_product", one, {"name": "Petrol mower"})
    assert (status, json_in(shown)["version"]) == (200, 2)

    status, shown = visit.try_out("products-create_product", body={"name": "  ", "colour": "red"})
    assert (status, len(json_in(shown)["errors"])) == (422, 2)

    status, shown = visit.try_out("trends-get_product_trend", one | {"period": "24h"})
    assert (status, json_in(shown)["aggregate"]) == (200, "best")
    status, shown = visit.try_out("history-list_changes", one | {"period": "24h", "format": "csv"})
    assert (status, "Download file" in shown) == (200, True)
    status, shown = visit.try_out("offers-list_offers", one | {"at": created["created_at"]})
    assert (status, json_in(shown)["items"]) == (200, [])
    status, shown = visit.try_out("movers-list_movers", {"period": "24h", "limit": "10"})
    assert (status, json_in(shown)["period"]["clamped"]) == (200, False)

    status, _ = visit.try_out("products-delete_product", one)
    assert status == 204

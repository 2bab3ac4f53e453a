"""The status in a real browser: it keeps itself up to date."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.visit import Visit

pytestmark = pytest.mark.waits


def test_status_follows_what_happens(visit: Visit) -> None:
    api = f"{visit.origin}/api/v1/products"
    requests.post(api, json={"name": "Kettle"}, timeout=10)
    total = requests.get(api, params={"include": "total"}, timeout=10).json()["total"]
    visit.open("/status")
    products = visit.page.locator("#status dl div", has_text="Products").first
    expect(products.locator("dd")).to_have_text(str(total))
    expect(visit.page.locator("#headline")).to_contain_text("1 poller")
    requests.post(api, json={"name": "Saw"}, timeout=10)
    expect(products.locator("dd")).to_have_text(str(total + 1), timeout=30_000)

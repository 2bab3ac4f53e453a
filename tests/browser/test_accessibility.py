"""Every page, for everybody: axe-core finds no violation, in light and dark, narrow and wide."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Request

from tests.browser.visit import Visit
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

VENDOR = Path(__file__).parent / "vendor"
AXE = VENDOR / "axe-core" / "axe.min.js"
SIZES = {"phone": (390, 844), "wide": (1280, 900)}
PAGES = [
    "/",
    "/?q=nothing+like+that",
    "/movers",
    "/movers?period=soon",
    "/status",
    "/products/{id}",
    "/products/{id}/edit",
    "/products/{id}/delete",
    "/products/{unknown}",
    "/products/new",
    "/products/import",
    "/sign-in",
    "/problems",
    "/problems/invalid-input",
    "/nothing",
]
#: Chromium itself tells of them on the console as well, but not of each directive.
_TELL_VIOLATIONS = """
    addEventListener("securitypolicyviolation", (event) =>
        console.error(`${event.effectiveDirective}: ${event.blockedURI} is blocked`));
"""
_FIND_VIOLATIONS = """
    async () => (await axe.run()).violations.flatMap((violation) =>
        violation.nodes.map((node) => `${violation.id}: ${node.html}`))
"""


@pytest.fixture(scope="module")
def path_of(origin: str) -> Callable[[str], str]:
    """Return a function that fills a product's id in, one with offers or one of nothing."""
    api = f"{origin}/api/v1/products"
    id_ = requests.post(api, json={"name": "Kettle"}, timeout=10).json()["id"]
    wait_until(lambda: requests.get(f"{api}/{id_}", timeout=10).json()["checked_at"] is not None)
    unknown = "00000000-0000-0000-0000-000000000001"
    return lambda path: path.format(id=id_, unknown=unknown)


@pytest.fixture
def visit_with_axe(visit: Visit) -> Visit:
    """Return a visitor with axe-core at hand."""
    visit.page.add_init_script(path=AXE)
    visit.page.add_init_script(_TELL_VIOLATIONS)
    return visit


@pytest.mark.parametrize("path", PAGES)
def test_page_has_no_violation(
    visit_with_axe: Visit, path_of: Callable[[str], str], path: str
) -> None:
    page = visit_with_axe.page
    visit_with_axe.open(path_of(path))
    assert page.evaluate("document.contentType") == "text/html"
    violations = {}
    for name, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            violations[name, scheme] = page.evaluate(_FIND_VIOLATIONS)
    assert {where: found for where, found in violations.items() if found} == {}


def test_first_load_of_the_catalogue_is_small(
    visit: Visit, record_testsuite_property: Callable[[str, object], None]
) -> None:
    finished: list[Request] = []

    def note(request: Request) -> None:
        finished.append(request)

    visit.page.on("requestfinished", note)
    visit.open("/")
    sizes = [request.sizes() for request in finished]
    n_bytes = sum(s["responseBodySize"] + s["responseHeadersSize"] for s in sizes)
    interactive = "performance.getEntriesByType('navigation')[0].domInteractive"
    record_testsuite_property("usable_after_ms", visit.page.evaluate(interactive))
    record_testsuite_property("transferred_bytes", n_bytes)
    assert 0 < n_bytes < 100_000


def test_files_of_others_are_as_they_came() -> None:
    listed = re.findall(r"^([0-9a-f]{64})  (.+)$", (VENDOR / "README.md").read_text(), re.M)
    found = [
        (hashlib.sha256(path.read_bytes()).hexdigest(), path.relative_to(VENDOR).as_posix())
        for path in sorted(VENDOR.glob("*/*"))
    ]
    assert found == listed

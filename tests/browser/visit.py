"""Looking at pages, and trying operations out in Swagger UI."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

#: That the server answered with an error is no fault of the page.
_HARMLESS = "Failed to load resource"


class Visit:
    """A visitor with a browser.

    :param origin: where the product answers.
    """

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.asked_elsewhere: list[str] = []
        """Every request that was meant for somebody else."""
        self.errors: list[str] = []
        """What the browser complained of."""
        page.on("request", self._note_request)
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str) -> None:
        """Open a page and wait until it asks for nothing more."""
        self.page.goto(self.origin + path, wait_until="networkidle")

    def try_out(
        self,
        operation: str,
        given: Mapping[str, str] | None = None,
        body: object = None,
        *,
        example: tuple[str, str] | None = None,
    ) -> tuple[int, str]:
        """Carry an operation out in Swagger UI; return the status and the text that it shows.

        :param operation: tag and name, such as ``products-create_product``.
        :param given: parameters by their names.
        :param body: what to enter as JSON.
        :param example: the media type of the body to be sent as it is found, and its text.
        """
        block = self.page.locator(f"#operations-{operation}")
        if "is-open" not in (block.get_attribute("class") or ""):
            block.locator(".opblock-summary-control").click()
        for name, value in (given or {}).items():
            self._fill(block.locator(f'tr[data-param-name="{name}"]'), value)
        if body is not None:
            block.locator("textarea.body-param__text").fill(json.dumps(body))
        if example is not None:
            block.locator(".opblock-section-request-body .content-type").select_option(example[0])
            expect(block.locator("textarea.body-param__text")).to_have_value(example[1])
        # The answer before would be taken for the next one, until that is drawn.
        clear = block.get_by_role("button", name="Clear", exact=True)
        if clear.count():
            clear.click()
        with self.page.expect_response(lambda response: "/api/v1/" in response.url) as answered:
            block.get_by_role("button", name="Execute").click()
        shown = block.locator(".live-responses-table")
        status = answered.value.status
        expect(shown.locator(".response-col_status").last).to_contain_text(str(status))
        return status, shown.locator(".response-col_description").last.inner_text()

    def _fill(self, row: Locator, value: str) -> None:
        if row.locator("select").count():
            row.locator("select").select_option(value)
        else:
            row.locator("input").fill(value)

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:")):
            self.asked_elsewhere.append(request.url)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_HARMLESS):
            self.errors.append(message.text)


@contextmanager
def visiting(browser: Browser, origin: str) -> Iterator[Visit]:
    """Let somebody visit the product, who in the end has asked nobody else and seen no error."""
    page = browser.new_page()
    visitor = Visit(page, origin)
    yield visitor
    page.close()
    assert visitor.asked_elsewhere == []
    assert visitor.errors == []


def json_in(shown: str) -> Any:
    """Return the JSON object that a text holds somewhere."""
    return json.loads(shown[shown.index("{") : shown.rindex("}") + 1])

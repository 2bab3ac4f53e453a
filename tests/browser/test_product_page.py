"""The page of a product in a real browser: what its chart tells, and how it keeps up."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import requests
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine
from werkzeug.serving import make_server

from aggregator import create_app
from aggregator.clock import utc_now
from aggregator.db import db
from aggregator.settings import Settings
from tests.browser.visit import Visit
from tests.databases import migrated
from tests.factories import make_product, observe
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

A, B, GONE = (UUID(int=n << 96 | n) for n in (1, 2, 3))
#: Enough for two rounds of updates on a busy machine.
PATIENCE_MS = 30_000
#: Returns the most frequent colour in a strip of the chart, and its share of the strip.
GROUND = """x => {
  const canvas = document.querySelector("#plot canvas");
  const over = document.querySelector("#plot .u-over");
  const ratio = canvas.width / canvas.clientWidth;
  const copy = new OffscreenCanvas(40, 24).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, -(over.offsetLeft + x) * ratio, -(over.offsetTop + 6) * ratio);
  const { data } = copy.getImageData(0, 0, 40, 24);
  const found = {};
  for (let i = 0; i < data.length; i += 4) {
    const colour = data.slice(i, i + 4).join();
    found[colour] = (found[colour] ?? 0) + 4 / data.length;
  }
  return Object.entries(found).sort(([, a], [, b]) => b - a)[0];
}"""
#: Returns how many points of the chart's left edge are painted: text is cut off there.
INK_AT_THE_EDGE = """() => {
  const canvas = document.querySelector("#plot canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, 1, canvas.height);
  return data.filter((value, i) => i % 4 === 3 && value).length;
}"""


@dataclass(frozen=True)
class Site:
    """A running product with one product in it, of which the last hour is known."""

    origin: str
    engine: Engine
    product_id: UUID
    start: datetime

    @property
    def path(self) -> str:
        """Where the hour is shown, which does not move on."""
        return f"/products/{self.product_id}?from={_written(self.start)}&to={_written(self.end)}"

    @property
    def end(self) -> datetime:
        """Where that hour ends."""
        return self.start + timedelta(hours=1)

    def ask(self, what: str = "", **query: str) -> Any:
        """Return a trend of the hour."""
        query |= {"from": _written(self.start), "to": _written(self.end)}
        url = f"{self.origin}/api/v1/products/{self.product_id}/{what}trend"
        return requests.get(url, query, timeout=10).json()

    def x_of(self, page: Page, minute: float) -> float:
        """Return where a minute of the hour stands in the chart, from its left."""
        width = page.locator("#plot .u-over").evaluate("over => over.clientWidth")
        return float(width * minute / 60)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve an hour: minutes 10 to 25 are not known, 30 to 40 sold out, and an offer ended."""
    url = migrated(f"sqlite:///{tmp_path_factory.mktemp('site')}/aggregator.db")
    app = create_app(Settings(database_url=url, log_level="warning"))
    with app.app_context():
        engine = db.engine
    start = utc_now().replace(second=0, microsecond=0) - timedelta(hours=1)
    product_id = make_product(engine, name="Kettle", description="1.7 l")
    for minute in (*range(11), *range(25, 61)):
        stock = 0 if 30 <= minute < 40 else 5
        listed = {A: (950 + minute % 7, stock), B: (1_200 + 3 * minute, stock)}
        if minute < 50:
            listed[GONE] = (1_500, stock)
        at = start + timedelta(minutes=minute)
        observe(engine, product_id, listed, at=at, stale_after=timedelta(minutes=3))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.server_port}", engine, product_id, start)
    server.shutdown()
    server.server_close()
    thread.join()
    engine.dispose()


@pytest.fixture
def origin(site: Site) -> str:
    """Return where the product answers."""
    return site.origin


def test_chart_tells_by_keyboard_what_the_api_tells(visit: Visit, site: Site) -> None:
    visit.open(site.path)
    visit.page.locator("#plot").focus()
    visit.page.keyboard.press("Home")
    trends = {name: site.ask(aggregate=name)["series"] for name in ("best", "mean", "median")}
    for i, best in enumerate(trends["best"]):
        told = tell(visit.page)
        assert told.pop("at") == f"{datetime.fromisoformat(best['at']):%-d %b %Y, %H:%M} UTC"
        assert number(told.pop("Known")) == pytest.approx(100 * best["coverage"], abs=0.1)
        if not best["coverage"]:
            assert told == {"Price": "not known"}
        elif best["low"] is None:
            assert told == {"Price": "sold out"}
        else:
            expected = {name.capitalize(): series[i]["open"] for name, series in trends.items()}
            expected |= {"Lowest": best["low"], "Highest": best["high"]}
            found = {name: number(text) for name, text in told.items()}
            assert found == pytest.approx(expected, abs=0.051)
        visit.page.keyboard.press("ArrowRight")
    assert number(tell(visit.page)["Best"]) == trends["best"][-1]["close"]
    valuetext = visit.page.locator("#plot").get_attribute("aria-valuetext") or ""
    assert "Best 953" in valuetext
    visit.page.keyboard.press("Escape")
    expect(visit.page.locator(".tip")).to_be_hidden()


def test_line_begins_with_the_first_price_wherever_in_a_bucket(visit: Visit, site: Site) -> None:
    product_id = make_product(site.engine)
    observe(site.engine, product_id, {A: (950, 5)}, at=site.start + timedelta(seconds=90))
    visit.open(replace(site, product_id=product_id).path)
    visit.page.locator("#plot").focus()
    visit.page.keyboard.press("Home")
    assert tell(visit.page)["Price"] == "not known"
    visit.page.keyboard.press("ArrowRight")
    assert number(tell(visit.page)["Best"]) == 950


def test_chart_tells_by_pointer_what_it_tells_by_keyboard(visit: Visit, site: Site) -> None:
    visit.open(site.path)
    for minute in (3, 33, 57):
        x = site.x_of(visit.page, minute)
        visit.page.locator("#plot .u-over").hover(position={"x": x, "y": 40})
        by_pointer = tell(visit.page)
        visit.page.locator("#plot").press("Home")
        for _ in range(minute):
            visit.page.keyboard.press("ArrowRight")
        assert tell(visit.page) == by_pointer


def test_line_of_an_offer_comes_on_demand(visit: Visit, site: Site) -> None:
    visit.open(site.path)
    series = site.ask(f"offers/{GONE}/")["series"]
    visit.page.get_by_text("Lines of single offers").click()
    visit.page.get_by_label(GONE.hex[-8:]).check()
    plot = visit.page.locator("#plot")
    expect(plot).to_have_attribute("data-drawn", re.compile(r"^\d+$"))
    plot.press("Home")
    assert number(tell(visit.page)[GONE.hex[-8:]]) == series[0]["open"] == 1_500
    plot.press("End")
    assert GONE.hex[-8:] not in tell(visit.page)
    visit.page.get_by_label(GONE.hex[-8:]).uncheck()
    expect(plot).to_have_attribute("data-drawn", "")


def test_sold_out_looks_other_than_not_known_and_than_a_price(visit: Visit, site: Site) -> None:
    def ground(minute: float) -> tuple[str, float]:
        colour, share = visit.page.evaluate(GROUND, site.x_of(visit.page, minute))
        return colour, share

    visit.open(site.path)
    priced, unknown, sold_out = ground(2), ground(17), ground(34)
    assert min(priced[1], unknown[1]) > 0.85
    assert priced[0] != unknown[0]
    assert sold_out[1] < 0.85, "it is hatched"
    visit.page.emulate_media(color_scheme="dark")
    wait_until(lambda: ground(17)[0] != unknown[0])
    assert ground(17)[1] > 0.85
    assert ground(34)[1] < 0.85


def test_periods_are_a_click_away(visit: Visit, site: Site) -> None:
    visit.open(f"/products/{site.product_id}")
    page = visit.page
    page.get_by_role("navigation", name="Period").get_by_role("link", name="7 d").click()
    expect(page).to_have_url(re.compile(r"period=7d"))
    expect(page.locator("#change")).to_contain_text("First price")
    page.get_by_text("Other period").click()
    page.get_by_label("From (UTC)").fill(_minute(site.start + timedelta(minutes=2)))
    page.get_by_label("To (UTC)").fill(_minute(site.start + timedelta(minutes=9)))
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#change")).to_contain_text("Unchanged from ")
    expect(page.locator("#plot canvas")).to_be_visible()


def test_new_poll_arrives_and_disturbs_nobody(visit: Visit, site: Site) -> None:
    product_id, now = make_product(site.engine), utc_now()
    for minutes in (40, 20):
        observe(site.engine, product_id, {A: (900, 1)}, at=now - timedelta(minutes=minutes))
    visit.open(f"/products/{product_id}?period=1h")
    page = visit.page
    over = page.locator("#plot .u-over")
    over.drag_to(over, source_position={"x": 200, "y": 50}, target_position={"x": 400, "y": 50})
    plot = page.locator("#plot")
    plot.press("End")
    zoomed_to = tell(page)["at"]
    page.locator(f"#offer-{A}").evaluate("row => { row.isSame = true }")

    observe(site.engine, product_id, {A: (880, 1), B: (870, 2)})
    expect(page.locator("#best")).to_contain_text("870", timeout=PATIENCE_MS)
    expect(page.locator(f"#offer-{B}")).to_contain_text("best")
    expect(page.locator(f"#offer-{A} td").first).to_have_text("880")
    assert page.locator(f"#offer-{A}").evaluate("row => row.isSame")
    expect(page.get_by_label(B.hex[-8:])).to_be_attached()
    expect(page.locator("#history tr")).to_have_count(3)
    expect(plot).to_be_focused()
    plot.press("End")
    assert tell(page)["at"] == zoomed_to
    plot.press("Escape")
    plot.press("End")
    assert number(tell(page)["Best"]) == 870


def test_page_is_no_wider_than_the_screen_also_when_that_is_turned(
    visit: Visit, site: Site
) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.open(site.path)
    visit.page.get_by_text("The figures as a table").click()
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
    for width in (1280, 768, 390):
        visit.page.set_viewport_size({"width": width, "height": 844})
        visit.page.wait_for_function(f"document.documentElement.scrollWidth <= {width}")


def test_large_prices_stand_whole_beside_the_chart(visit: Visit, site: Site) -> None:
    visit.open(f"/products/{make_expensive(site)}?period=1h")
    expect(visit.page.locator("#plot canvas")).to_be_visible()
    assert visit.page.evaluate(INK_AT_THE_EDGE) == 0


def test_what_is_deleted_meanwhile_can_still_be_read(visit: Visit, site: Site) -> None:
    product_id = make_expensive(site)
    visit.open(f"/products/{product_id}?period=1h")
    url = f"{site.origin}/api/v1/products/{product_id}"
    assert requests.delete(url, timeout=10).status_code == 204
    gone = visit.page.get_by_text("This is in the catalogue no more.")
    expect(gone).to_be_visible(timeout=PATIENCE_MS)
    expect(visit.page.locator("#best")).to_contain_text("987")


def make_expensive(site: Site) -> UUID:
    """Add a product of a price in trillions."""
    product_id = make_product(site.engine)
    for minutes_ago in (3, 2, 1):
        listed = {A: (987_654_321_098_765 - minutes_ago, 1)}
        at = utc_now() - timedelta(minutes=minutes_ago)
        observe(site.engine, product_id, listed, at=at)
    return product_id


def test_everything_is_to_be_read_without_scripts(browser: Browser, site: Site) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(site.origin + site.path)
    expect(page.locator("#still svg .line")).to_be_visible()
    expect(page.locator("#still .sold-out")).to_be_attached()
    expect(page.locator("#still .unknown")).to_be_attached()
    expect(page.locator("#plot")).to_be_hidden()
    page.get_by_text("The figures as a table").click()
    rows = page.locator("#series tr")
    expect(rows).to_have_count(60)
    expect(rows.nth(4)).to_contain_text("954")
    expect(rows.nth(20)).to_contain_text("not known")
    expect(rows.nth(35)).to_contain_text("sold out")
    page.close()


def test_stale_and_sold_out_can_be_seen(visit: Visit, site: Site) -> None:
    product_id = make_product(site.engine, name="Forgotten")
    observe(site.engine, product_id, {A: (900, 5)}, at=site.start - timedelta(hours=2))
    observe(site.engine, product_id, {A: (900, 0)}, at=site.start)
    visit.open("/?q=forgotten")
    row = visit.page.locator(f"#product-{product_id}")
    expect(row.get_by_text("sold out")).to_be_visible()
    expect(row.get_by_text("stale since")).to_be_visible()
    visit.open(f"/products/{product_id}")
    now = visit.page.locator("#now")
    expect(now.get_by_text("Sold out")).to_be_visible()
    expect(now.get_by_text("stale since")).to_be_visible()


def tell(page: Page) -> dict[str, str]:
    """Return what the chart tells at its cursor, by name, with ``at``."""
    tip = page.locator(".tip")
    names, texts = tip.locator("dt").all_inner_texts(), tip.locator("dd").all_inner_texts()
    return {"at": tip.locator("p").inner_text()} | dict(zip(names, texts, strict=True))


def number(text: str) -> float:
    """Return the number that a text shows, whatever its unit."""
    return float(re.sub(r"[^\d.]", "", text))


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"

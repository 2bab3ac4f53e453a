"""The catalogue's page: what it shows, what it says of each product, and of bad questions."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.models import ProductSync
from tests.factories import make_product, observe
from tests.integration.api import fetch
from tests.integration.pages import words_of

HOUR = timedelta(hours=1)
MINUS = "\N{MINUS SIGN}"
HOSTILE = "\"><script>alert('1')</script>&amp;"
FELL, SOLD_OUT, STALE, PENDING, REFUSED = (UUID(int=n) for n in range(1, 6))


def sell(engine: Engine, product_id: UUID, price: int | None, *, hours_ago: float = 0) -> None:
    """Let a poll see two offers at a price, or both sold out."""
    figures = (1, 0) if price is None else (price, 1)
    offers = {UUID(int=1): figures, UUID(int=2): figures}
    observe(engine, product_id, offers, at=utc_now() - hours_ago * HOUR)


def add(engine: Engine, *names: str) -> None:
    """Add products at a price of 1, 2, 3 and so on."""
    for price, name in enumerate(names, start=1):
        sell(engine, make_product(engine, name=name), price)


def show(client: FlaskClient, status: int = 200, **parameters: Any) -> str:
    """Return the page that parameters ask for."""
    response = client.get(f"/?{urlencode(parameters)}")
    assert response.status_code == status, response.text
    return page_of(response)


def page_of(response: TestResponse) -> str:
    """Return an answer's HTML."""
    assert response.mimetype == "text/html"
    return response.text


def rows(html: str) -> dict[str, str]:
    """Return the text of each row, by the product's id."""
    found = re.findall(r'<tr role="row" id="product-([^"]+)">(.*?)</tr>', html, re.S)
    return {id_: words_of(row) for id_, row in found}


def names(html: str) -> list[str]:
    """Return the names of the products in their order."""
    found = re.findall(r'<th role="rowheader".*?</th>', html, re.S)
    return [words_of(cell) for cell in found]


def link(html: str, name: str) -> str | None:
    """Return where a link leads; None where there is none of this name."""
    found = re.search(rf'<a id="[^"]+" href="([^"]+)"[^>]*>{name}</a>', html)
    return unescape(found[1]) if found else None


def test_each_product_says_what_it_costs_what_became_of_that_and_whether_to_believe_it(
    engine: Engine, client: FlaskClient
) -> None:
    for product_id in (FELL, SOLD_OUT, STALE, PENDING, REFUSED):
        make_product(engine, name=f"Kettle {product_id.int}", product_id=product_id)
    for hours_ago, price in ((30, 12_500), (2, 10_000), (0, 11_500)):
        sell(engine, FELL, price, hours_ago=hours_ago)
    sell(engine, SOLD_OUT, 70, hours_ago=1)
    sell(engine, SOLD_OUT, None)
    sell(engine, STALE, 5, hours_ago=6)
    with unit_of_work(engine) as session:
        session.get_one(ProductSync, REFUSED).registration_error = "<b>too odd</b>"
    html = show(client)
    told = {UUID(id_): row for id_, row in rows(html).items()}
    assert re.fullmatch(
        rf"Kettle 1 11 500 ▼ down {MINUS}8\.0 % from 12 500 2 offers \d+ s ago", told[FELL]
    )
    assert "sold out" in told[SOLD_OUT]
    assert "from 70, 60 min ago to 70, its last price 0 offers" in told[SOLD_OUT]
    assert re.search(r"stale since (\d\d:\d\d UTC|\d+ \w+)$", told[STALE])
    assert "not polled yet" in told[PENDING]
    assert "not registered yet" in told[PENDING]
    assert "refused <b>too odd</b>" in told[REFUSED]
    assert "<b>" not in html
    essence = "5 products · 1 cheaper , 0 dearer than 24 hours ago, or at first, 3 not up to date"
    assert essence in words_of(html)
    # What is drawn begins where it is known.
    lines = re.findall(r'role="img" aria-label="([^"]+)"', html)
    assert list(map(words_of, lines)) == ["from 10 000 to 11 500", "from 70 to 70", "from 5 to 5"]


def test_the_line_of_a_new_product_begins_at_the_left(engine: Engine, client: FlaskClient) -> None:
    product_id = make_product(engine)
    sell(engine, product_id, 5, hours_ago=0.1)
    sell(engine, product_id, 4)
    assert '<path class="line" d="M0 ' in show(client)


def test_what_others_wrote_is_text(engine: Engine, client: FlaskClient) -> None:
    add(engine, HOSTILE)
    for html in (show(client), show(client, q=HOSTILE), show(client, 422, min_price=HOSTILE)):
        assert names(html) == [HOSTILE]
        assert "<script>alert" not in html
    assert 'value="&#34;&gt;&lt;script&gt;' in show(client, q=HOSTILE)


def test_page_may_load_nothing_from_elsewhere_and_holds_no_script(
    engine: Engine, client: FlaskClient
) -> None:
    add(engine, "Kettle")
    response = client.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"""(src|href)=["'](https?:)?//""", response.text)
    assert not re.search(r"<script>|<style>|<[^>]+ (style|on\w+)=", response.text)


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, ["Bulb", "Kettle", "Žehlička", "Zip"]),
        ({"q": "zehl"}, ["Žehlička"]),
        ({"q": "  ", "min_price": "", "in_stock": ""}, ["Bulb", "Kettle", "Žehlička", "Zip"]),
        ({"sort": "-best_price"}, ["Zip", "Bulb", "Žehlička", "Kettle"]),
        ({"sort": "created_at", "max_price": 3}, ["Kettle", "Žehlička", "Bulb"]),
        ({"min_price": "2 ", "max_price": "\u202f3"}, ["Bulb", "Žehlička"]),
        (
            {"in_stock": "true", "period": "30d", "utm_source": "x"},
            ["Bulb", "Kettle", "Žehlička", "Zip"],
        ),
    ],
)
def test_products_are_searched_filtered_and_sorted(
    engine: Engine, client: FlaskClient, parameters: dict[str, Any], found: list[str]
) -> None:
    add(engine, "Kettle", "Žehlička", "Bulb", "Zip")
    assert names(show(client, **parameters)) == found


def test_pages_follow_each_other_and_lead_back_to_the_first(
    engine: Engine, client: FlaskClient
) -> None:
    all_names = [f"Kettle {n:02}" for n in range(52)]
    for name in all_names:
        make_product(engine, name=name)
    make_product(engine, name="Bulb")
    first = client.get("/?q=kettle&min_price=&period=7d").text
    assert "52 products · of these 25," in words_of(first)
    assert link(first, "First page") is None
    second = client.get(str(link(first, "Next page"))).text
    third = client.get(str(link(second, "Next page"))).text
    assert names(first) + names(second) + names(third) == all_names
    assert link(third, "Next page") is None
    assert link(third, "First page") == "/?q=kettle&min_price=&period=7d"


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"min_price": "2", "max_price": "1"}, {"max_price": "not be less than the price from"}),
        ({"q": "?!", "min_price": "-1"}, {"q": "no letter or digit", "min_price": "whole number"}),
        ({"max_price": "1e3"}, {"max_price": "whole number"}),
        ({"q": "k" * 201}, {"q": "at most 200 characters"}),
        ({"sort": "best", "period": "5h"}, {"sort": "none of the choices", "period": "none of"}),
        ({"cursor": "AAAA"}, {"cursor": "The address of this page is damaged"}),
    ],
)
def test_faults_are_told_beside_their_fields_and_nothing_is_lost(
    engine: Engine, client: FlaskClient, parameters: dict[str, str], told: dict[str, str]
) -> None:
    add(engine, "Kettle", "Kitten", "Bulb")
    html = show(client, 422, **parameters)
    found = dict(re.findall(r'<p class="fault" id="(\w+)-fault">(.*?)</p>', html))
    assert found.keys() == told.keys()
    assert [name for name in told if told[name] not in found[name]] == []
    for name in told.keys() - {"cursor"}:
        assert re.search(rf'name="{name}"[^>]* aria-describedby="{name}-fault"', html)
    for name in parameters.keys() & {"q", "min_price", "max_price"}:
        assert f'name="{name}" value="{parameters[name]}"' in html
    assert names(html)


def test_cursor_of_another_search_is_told(engine: Engine, client: FlaskClient) -> None:
    for n in range(26):
        make_product(engine, name=f"Kettle {n:02}")
    elsewhere = str(link(show(client, q="kettle"), "Next page")).replace("kettle", "k")
    response = client.get(elsewhere)
    assert response.status_code == 422
    assert len(rows(page_of(response))) == 25


def test_empty_catalogue_invites_and_an_empty_search_says_so(
    engine: Engine, client: FlaskClient
) -> None:
    html = show(client)
    assert "Nothing here yet" in html
    assert {'href="/products/new"', 'href="/products/import"'} <= set(
        re.findall(r'href="[^"]+"', html)
    )
    add(engine, "Kettle")
    html = show(client, q="bulb")
    assert "Nothing found. Show all products" in words_of(html)
    assert '<a href="/">Show all products</a>' in html


def test_change_is_what_movers_tell(engine: Engine, client: FlaskClient) -> None:
    product_id = make_product(engine)
    for hours_ago, price in ((100, 300), (25, 200), (3, 150), (0, 180)):
        sell(engine, product_id, price, hours_ago=hours_ago)
    for period in ("1h", "24h", "7d", "30d", "90d", "1y"):
        [mover] = fetch(client, f"/api/v1/movers?period={period}")["items"]
        told = f"{mover['change']['percent']:+.1f}".replace("-", MINUS)
        assert f"{told}\u202f%" in show(client, period=period)


def test_a_price_that_began_with_nothing_moves_by_numbers(
    client: FlaskClient, engine: Engine
) -> None:
    risen, flat = (make_product(engine, name=name) for name in ("risen", "flat"))
    for product_id, prices in ((risen, (0, 1500)), (flat, (0, 0))):
        for hours_ago, price in zip((2, 0), prices, strict=True):
            sell(engine, product_id, price, hours_ago=hours_ago)
    shown = rows(show(client))
    assert "▲ up +1 500 from 0" in shown[str(risen)]
    assert "= unchanged 0 from 0" in shown[str(flat)]

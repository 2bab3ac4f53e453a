"""``/movers``: the same numbers as the API's, for people."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.web.shown import percent, price
from tests.factories import make_product, observe
from tests.integration.api import fetch
from tests.integration.pages import words_of
from tests.integration.past import A

#: Name, the price 30 hours ago and the one now.
PRICES = {
    "Kettle & <b>": (20_000, 15_500),
    "Saw": (1_000, 999),
    "Boat": (500, 1_250),
    "Tent": (700, 700),
    "Hammock": (0, 3),
}


@pytest.fixture
def market(engine: Engine) -> None:
    """Make products of which two fell, one rose, one stayed and one began at nothing."""
    for name, (old, new) in PRICES.items():
        product_id = make_product(engine, name=name)
        observe(engine, product_id, {A: (old, 1)}, at=utc_now() - timedelta(hours=30))
        observe(engine, product_id, {A: (new, 1)})


def shown(client: FlaskClient, query: str = "") -> dict[str, list[str]]:
    """Return the text of each product in each list of the page."""
    response = client.get(f"/movers{query}")
    assert response.status_code == 200
    sides = re.split(r'<h2 id="(falls|rises)">', response.text)
    return {
        side: [words_of(item) for item in re.findall(r"<li .*?</li>", html, re.DOTALL)]
        for side, html in zip(sides[1::2], sides[2::2], strict=True)
    }


def told(mover: dict[str, Any]) -> str:
    """Return what the page should say of a mover of the API's, with white space as it may be."""
    change = mover["change"]
    arrow = {"down": "▼ down", "up": "▲ up"}[change["direction"]]
    words = (
        f"{mover['product']['name']} {arrow} {percent(change['percent'])}"
        f" from {price(mover['start']['value'])} → to {price(mover['end']['value'])}"
    )
    return " ".join(words.split())


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("period", ["24h", "7d", "P1M"])
def test_movers_are_those_of_the_api(client: FlaskClient, period: str) -> None:
    sides = shown(client, f"?period={period}")
    for side, sort, direction in (("falls", "percent", "down"), ("rises", "-percent", "up")):
        found = fetch(client, f"/api/v1/movers?period={period}&sort={sort}")["items"]
        expected = [told(m) for m in found if m["change"]["direction"] == direction]
        assert len(sides[side]) == len(expected) > 0
        for text, words in zip(sides[side], expected, strict=True):
            assert text.startswith(words)


@pytest.mark.usefixtures("market")
def test_biggest_change_of_price_comes_first_where_that_is_asked_for(client: FlaskClient) -> None:
    falls = shown(client, "?by=absolute")["falls"]
    assert [text.split()[0] for text in falls] == ["Kettle", "Saw"]
    assert " ".join(price(-4500).split()) in falls[0]


@pytest.mark.usefixtures("market")
def test_page_says_since_when_and_leads_on_for_the_same_period(client: FlaskClient) -> None:
    start = fetch(client, "/api/v1/movers?period=7d")["period"]["from"]
    text = client.get("/movers?period=7d").text
    assert f'<time datetime="{start}">' in text
    boat = fetch(client, "/api/v1/movers?sort=-percent")["items"][0]["product"]
    assert f'href="/products/{boat["id"]}?period=7d"' in text
    assert "<b>" not in text


def test_what_is_sold_out_or_stale_is_marked(client: FlaskClient, engine: Engine) -> None:
    now, sold_out, stale = utc_now(), make_product(engine), make_product(engine, name="Saw")
    for hours, old in ((30, 100), (0.5, 90)):
        observe(engine, stale, {A: (old, 1)}, at=now - timedelta(hours=hours))
        observe(engine, sold_out, {A: (old, 1)}, at=now - timedelta(hours=hours))
    observe(engine, sold_out, {})
    kettle, saw = sorted(shown(client)["falls"])
    assert "sold out since" in kettle
    assert "stale" in saw


def test_nothing_that_moved_is_told_in_words(client: FlaskClient) -> None:
    assert shown(client) == {"falls": [], "rises": []}
    text = client.get("/movers").text
    assert "No price fell since then." in text
    assert "No price rose since then." in text


def test_bad_parameters_are_told_all_at_once_in_words(client: FlaskClient) -> None:
    response = client.get("/movers?period=soon&by=%3Cb%3E&colour=red")
    assert (response.status_code, response.mimetype) == (422, "text/html")
    for words in ("There is no such parameter.", "This must be one of percent, absolute."):
        assert words in response.text
    assert response.text.count("<li><code>") == 3
    assert "<b>" not in response.text

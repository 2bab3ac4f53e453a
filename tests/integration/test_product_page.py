"""The page of a product, as it comes without any script."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.web.choices import PERIODS
from tests.factories import make_product, observe, seal_history
from tests.integration.api import fetch
from tests.integration.market import BOAT, HAMMOCK, KETTLE, SAW, UNKNOWN, fill
from tests.integration.pages import words_of
from tests.integration.past import A, B, C, Polls, store, written

HOURS = f"from={written(0)}&to={written(480)}"


FAULTS = [
    ("period=7x", "Period: This must be a duration"),
    ("from=2026-03-02&to=2026-03-01", "From: This must be earlier than to."),
    ("from=2999-01-01", "From: This must be earlier than now."),
    ("from=x&to=y&aggregate=z", "Aggregate: This must be one of best, mean, median."),
    ("older_at=x&older_offer=y", "Older at: "),
]


def read(client: FlaskClient, path: str, status: int = 200) -> str:
    """Return a page's words, with a plain minus."""
    response = client.get(f"/products/{path}")
    assert response.status_code == status, response.text
    assert response.mimetype == "text/html"
    return words_of(response.text).replace("\N{MINUS SIGN}", "-")


def test_example_of_the_definition_is_told(client: FlaskClient, engine: Engine) -> None:
    polls: Polls = {0: {A: (100, 9), B: (120, 9), C: (150, 9)}, 240: {B: (110, 9), C: (150, 9)}}
    d = UUID(int=4)
    product_id = store(engine, {**polls, 241: {B: (110, 9), C: (150, 9), d: (105, 0)}})
    store(engine, {242: {B: (110, 9), C: (150, 9), d: (105, 9)}}, product_id=product_id)
    text = read(client, f"{product_id}?{HOURS}")
    assert "Up 5 % from 1 Mar 2026, 00:00 UTC to 1 Mar 2026, 08:00 UTC" in text
    told = "Repricing of the same offers brought -10; new cheaper offers -5; cheaper offers that"
    assert f"{told} left +20." in text
    assert "The 2 offers there at both ends together: down 3.7 %." in text
    assert "The price at the end is uncertain: it was last seen 1 Mar 2026, 04:02 UTC." in text
    assert "Of this period we know 2 %." in text
    for words in ("ended, last at 100", "120 → 110", "listed at 105, sold out"):
        assert words in text
    assert "Known 1 Mar 2026, 00:00:00 100 100 100 100 100 %" in text
    assert "1 Mar 2026, 00:05:00 not known 0 %" in text


def test_page_says_what_the_api_says_of_every_period(client: FlaskClient, engine: Engine) -> None:
    now, product_id = utc_now(), make_product(engine)
    for minutes, price in ((90, 2_000), (40, 1_920), (0, 1_900)):
        observe(engine, product_id, {A: (price, 3)}, at=now - timedelta(minutes=minutes))
    seal_history(engine)
    for period in PERIODS:
        trend = fetch(client, f"{product_id}/trend?period={period}")
        text = read(client, f"{product_id}?period={period}")
        assert trend["change"]["direction"] == "down"
        size = f"{-trend['change']['percent']:.1f}".removesuffix(".0")
        assert f"own {size} %" in text
        for name in ("low", "high"):
            assert f"{name.capitalize()}est {trend[name]['value']:,}".replace(",", " ") in text


def test_whatever_a_database_holds_is_shown(
    app: Flask, client: FlaskClient, engine: Engine
) -> None:
    fill(app, engine)
    assert "Kettle" in read(client, f"{KETTLE}?period=7d&aggregate=mean")
    huge = read(client, f"{SAW}?period=7d&aggregate=median")
    for words in ("Žehlička Pila", "電気ケトル 🪚", "9 223 372 036 854 775 808"):
        assert words in huge
    sold_out = read(client, f"{BOAT}?period=7d")
    assert "Sold out stale since" in sold_out
    assert "Sold out since" in sold_out
    assert "last price 78." in sold_out or "last price 77." in sold_out
    never = read(client, str(HAMMOCK))
    for words in ("No price yet", "not polled yet", "No poll has seen this product yet"):
        assert words in never
    assert "The offers service refused this product: name: too odd" in read(client, str(UNKNOWN))


def test_text_of_users_is_text(client: FlaskClient, engine: Engine) -> None:
    words = "<b>\"'&</b><script>"
    product_id = make_product(engine, name=words, description=words * 50)
    text = client.get(f"/products/{product_id}").text
    assert "<b>" not in text
    assert "<script>" not in text
    assert unescape(text).count(words) == 52


def test_fault_is_told_and_the_rest_is_shown(client: FlaskClient, engine: Engine) -> None:
    product_id = store(engine, {0: {A: (950, 1)}})
    for query, told in FAULTS:
        text = read(client, f"{product_id}?{query}", 422)
        assert told in text
        assert "Unchanged in 1 hour" in text


def test_hour_of_which_the_minutes_are_gone_is_told(client: FlaskClient, engine: Engine) -> None:
    product_id = store(engine, {minutes: {A: (950, 1)} for minutes in (0, 70, 140)})
    seal_history(engine, detail_for=timedelta(0))
    within = f"from={written(61)}&to={written(62)}"
    text = read(client, f"{product_id}?{within}", 422)
    assert "Of that hour only hourly figures are left." in text
    text = read(client, f"{product_id}?from={written(61)}&to={written(200)}")
    assert "Only hourly figures are left of some of it" in text


def test_unknown_product_is_not_found(client: FlaskClient) -> None:
    assert client.get(f"/products/{uuid4()}").status_code == 404


def test_parameters_of_others_are_left_alone(client: FlaskClient, engine: Engine) -> None:
    assert "Kettle" in read(client, f"{make_product(engine)}?utm_source=mail&from=&to=")


def test_other_periods_are_told_by_where_they_begin(client: FlaskClient, engine: Engine) -> None:
    product_id = store(engine, {0: {A: (950, 1)}})
    since = read(client, f"{product_id}?from=2026-03-01")
    assert "Unchanged since 1 Mar 2026, 00:00 UTC" in since
    assert "Unchanged since" in read(client, f"{product_id}?period=3d")
    past = read(client, f"{product_id}?from=2026-03-01&period=2d")
    assert "Unchanged from 1 Mar 2026, 00:00 UTC to 3 Mar 2026, 00:00 UTC" in past


def test_history_is_read_page_by_page(client: FlaskClient, engine: Engine) -> None:
    polls: Polls = {k: {A: (100 + k, 1), B: (200 + k, 1)} for k in range(30)}
    product_id = store(engine, polls)
    path: str | None = f"/products/{product_id}?{HOURS}"
    found: list[str] = []
    while path:
        text = client.get(path).text
        found += re.findall(r'<tr id="at-(\d+-[0-9a-f-]+)"', text)
        older = re.search(r'href="([^"]+)" rel="next"', text)
        path = unescape(older[1]) if older else None
    changes = fetch(client, f"{product_id}/history?{HOURS}&sort=-at&limit=200")["items"]
    assert len(found) == len(changes) == 60
    assert [row[-36:] for row in found] == [change["offer_id"] for change in changes]


def test_links_lead_to_the_same_period(client: FlaskClient, engine: Engine) -> None:
    product_id = store(engine, {0: {A: (950, 1)}, 60: {A: (920, 1)}})
    text = unescape(client.get(f"/products/{product_id}?{HOURS}&aggregate=mean").text)
    links = dict(re.findall(r'href="(/[^"]+)"[^>]*>([^<]+)<', text))
    by_words = {words: link for link, words in links.items()}
    csv = client.get(by_words["Download as CSV"])
    assert csv.mimetype == "text/csv"
    assert len(csv.text.splitlines()) == 3
    trend = fetch(client, by_words["These figures as JSON"])
    assert (trend["aggregate"], trend["period"]["from"]) == ("mean", written(0))
    assert by_words["Edit"] == f"/products/{product_id}/edit"
    assert by_words["Delete"] == f"/products/{product_id}/delete"
    assert f"from={written(0)}" in by_words["median"].replace("%3A", ":")


def test_first_load_is_small(client: FlaskClient, engine: Engine) -> None:
    polls: Polls = {k: {A: (100 + k, 1), B: (200 + k, 1)} for k in range(30)}
    path = f"/products/{store(engine, polls)}?{HOURS}"
    addresses = re.findall(r'"(/assets/[^"]+)"', client.get(path).text)
    assert len(addresses) > 5
    n_bytes = 0
    for address in (path, *addresses):
        with client.get(address, headers={"Accept-Encoding": "gzip"}) as answer:
            n_bytes += len(answer.data)
    assert n_bytes < 60_000


def test_offers_are_listed_cheapest_first_and_those_that_ended_last(
    client: FlaskClient, engine: Engine
) -> None:
    product_id, now = make_product(engine), utc_now()
    listed = {A: (900, 0), B: (950, 2), C: (940, 1)}
    observe(engine, product_id, {**listed, UUID(int=9): (1, 1)}, at=now - timedelta(minutes=9))
    observe(engine, product_id, listed, at=now)
    text = client.get(f"/products/{product_id}").text
    rows = re.findall(r'<tr id="offer-([0-9a-f-]+)" class="(\w*)"', text)
    assert rows == [(str(A), "gone"), (str(C), "best"), (str(B), ""), (str(UUID(int=9)), "gone")]

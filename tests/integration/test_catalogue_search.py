"""Finding products by words."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.services import products
from tests.factories import make_product, observe
from tests.integration.api import PRODUCTS, create, faults_of, fetch
from tests.integration.lists import flat, ids, pages

MOWER = {"name": "Benzinová sekačka", "description": "46 cm, 2.6 kW, s_pojezdem"}


def search(client: FlaskClient, q: str, **more: Any) -> list[str]:
    return ids(fetch(client, f"{PRODUCTS}?{urlencode({'q': q, **more})}"))


@pytest.mark.parametrize(
    "q",
    [
        pytest.param("benzinová", id="a-word"),
        pytest.param("BENZINOVA", id="another-case-without-accents"),
        pytest.param("s\u030cekac\u030cka", id="no-such-accent-on-the-s"),
        pytest.param("ben", id="a-prefix"),
        pytest.param("b", id="a-letter"),
        pytest.param("sek benz", id="prefixes-in-another-order"),
        pytest.param("benzinova 46", id="of-name-and-description"),
        pytest.param("kw 2 6", id="of-the-description"),
        pytest.param("2.6 KW", id="number-and-unit"),
        pytest.param("pojezd", id="behind-an-underscore"),
        pytest.param("b be ben benz", id="one-word-for-all"),
        pytest.param("  (sek)…!", id="with-signs"),
        pytest.param("🫖 sek", id="beside-an-emoji"),
    ],
)
def test_a_product_is_found(client: FlaskClient, q: str) -> None:
    product = create(client, **MOWER)
    create(client, name="Elektrický kotlík", description="1.7 l")
    assert search(client, q) == [product["id"]]


@pytest.mark.parametrize(
    "q",
    [
        pytest.param("ekačka", id="the-end-of-a-word"),
        pytest.param("benzin sekačkax", id="one-word-of-two"),
        pytest.param("benzinovásekačka", id="two-words-in-one"),
        pytest.param("kettle", id="nowhere"),
        pytest.param("a" * 200, id="a-long-word"),
    ],
)
def test_a_product_is_not_found(client: FlaskClient, q: str) -> None:
    create(client, **MOWER)
    assert search(client, q) == []


@pytest.mark.parametrize(
    ("name", "found_by", "not_by"),
    [
        pytest.param("Straße", ["STRASSE", "straß", "stras"], ["strabe"], id="sharp-s"),
        pytest.param("Łódź Ørsted", ["lodz orsted", "ŁÓDŹ"], ["ods"], id="strokes"),
        pytest.param("ISPARTA", ["\u0131sparta", "isp", "İsp"], ["usp"], id="turkish"),
        pytest.param("Ёлка", ["елка", "ЁЛ"], ["лка"], id="cyrillic"),
        pytest.param("ΣΊΣΥΦΟΣ", ["σισυφος", "σίσ"], ["υφ"], id="greek"),
        pytest.param("電気ケトル", ["電気", "電"], ["気"], id="japanese"),
        pytest.param("한국어", ["한국", "한"], ["국"], id="korean"),
        pytest.param("Ⅷ ½ \uff4b\uff57", ["viii", "1 2 kw"], ["3"], id="compatible"),
        pytest.param("x" * 255, ["x" * 99, "x" * 200], ["x" * 99 + "y"], id="long"),
        pytest.param("007", ["0", "00", "007"], ["7"], id="digits"),
        pytest.param("AND OR NOT NEAR", ["and", "NOT or", "near"], ["nor"], id="operators"),
        pytest.param("🫖", [], ["teapot"], id="nothing-to-be-found-by"),
    ],
)
def test_words_of_any_script(
    client: FlaskClient, name: str, found_by: list[str], not_by: list[str]
) -> None:
    product = create(client, name=name, description="")
    assert all(search(client, q) == [product["id"]] for q in found_by)
    assert not any(search(client, q) for q in not_by)


@pytest.mark.parametrize(
    "sign", [*"%_*'\"\\:&|!()<>-+^{}[]~@#$;,./?=\t\n", "--", ":*", "')", "<->"]
)
def test_signs_are_no_language(engine: Engine, client: FlaskClient, sign: str) -> None:
    pot, pan = make_product(engine, name="pot"), make_product(engine, name="pan")
    assert search(client, f"pot{sign}") == search(client, f"{sign}pot") == [str(pot)]
    assert search(client, f"p{sign}") == [str(pot), str(pan)]
    assert search(client, f"pot{sign}pan") == []
    assert search(client, f"pot {sign} pan {sign}") == []
    response = client.get(f"{PRODUCTS}?{urlencode({'q': sign})}")
    assert faults_of(response, "parameter") == {("q", "no_words")}


@pytest.mark.parametrize("operator", ["AND", "OR", "NOT", "NEAR", "NEAR(pot pan)", "words:", "and"])
def test_operators_are_words(engine: Engine, client: FlaskClient, operator: str) -> None:
    for name in ("pot", "pan", "pot pan"):
        make_product(engine, name=name)
    assert search(client, f"pot {operator} pan") == []
    assert search(client, operator) == []


@pytest.mark.parametrize(
    ("q", "code"),
    [
        ("", "no_words"),
        (" ", "no_words"),
        ("🫖👍", "no_words"),
        ("%_*", "no_words"),
        ("\u0301", "no_words"),
        ("a" * 201, "too_long"),
        ("pot\0", "nul"),
        ("\0", "nul"),
    ],
)
def test_what_cannot_be_searched_for_is_422(client: FlaskClient, q: str, code: str) -> None:
    response = client.get(f"{PRODUCTS}?{urlencode({'q': q})}")
    assert faults_of(response, "parameter") == {("q", code)}


def test_a_hundred_words_may_be_searched_for(client: FlaskClient) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [a + b for a in letters for b in letters][:67]
    product = create(client, name="pot", description=" ".join(words))
    assert search(client, " ".join(words)) == [product["id"]]
    assert search(client, " ".join([*words[:66], "zz"])) == []


def test_the_longest_text_can_be_searched(client: FlaskClient) -> None:
    description = " ".join(f"{n:04}" for n in range(1900)) + " ﷺ" * 2
    product = create(client, name="ﷺ" * 255, description=description + "x" * 100)
    assert search(client, "1899") == search(client, "صلى 0000") == [product["id"]]
    hardest = "".join(chr(0x20000 + n) + " " for n in range(5000))
    product = create(client, name="pot", description=hardest)
    assert search(client, f"{chr(0x20000)} {chr(0x20000 + 4999)}") == [product["id"]]


def test_an_id_is_no_word_of_a_product(client: FlaskClient) -> None:
    product = create(client, **MOWER)
    assert search(client, product["id"]) == search(client, UUID(product["id"]).hex) == []


def test_a_search_follows_what_is_written(client: FlaskClient) -> None:
    one, other = create(client, **MOWER), create(client, **MOWER)
    path = f"{PRODUCTS}/{one['id']}"
    assert client.patch(path, json={"name": "Pot"}).status_code == 200
    assert search(client, "sekačka") == [other["id"]]
    assert search(client, "pot 46") == [one["id"]]
    assert client.patch(path, json={"description": "iron"}).status_code == 200
    assert search(client, "46") == [other["id"]]
    assert search(client, "pot iron") == [one["id"]]
    content = {"name": "Pan", "description": "pot"}
    assert client.put(path, json=content).status_code == 200
    assert search(client, "iron") == []
    assert search(client, "pan pot") == [one["id"]]
    assert client.patch(path, json={"description": None}).status_code == 200
    assert search(client, "pot") == []
    assert client.delete(path).status_code == 204
    assert search(client, "pan") == []
    assert search(client, "sekačka") == [other["id"]]


def test_a_refused_product_leaves_no_words(client: FlaskClient) -> None:
    product = create(client, **MOWER)
    content = {"id": product["id"], "name": "Pot", "description": ""}
    assert client.post(PRODUCTS, json=content).status_code == 409
    assert search(client, "pot") == []
    assert search(client, "sekačka") == [product["id"]]


def test_edits_at_the_same_time_leave_the_words_of_both(
    engine: Engine, client: FlaskClient
) -> None:
    product_id = make_product(engine, name="pot", description="iron")
    # It is registered: the row that keeps the score of that keeps no editors apart.
    observe(engine, product_id, {})

    def edit(**changes: str) -> None:
        with unit_of_work(engine) as session:
            products.update_product(session, product_id, changes, now=utc_now())

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(engine) as session:
            products.update_product(session, product_id, {"name": "pan"}, now=utc_now())
            other = pool.submit(edit, description="steel")
            wait([other], timeout=0.2)
        other.result()
    assert search(client, "pan steel") == [str(product_id)]
    assert search(client, "pot") == search(client, "iron") == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_may_number_its_rows_anew(engine: Engine, client: FlaskClient) -> None:
    names = ("pot", "pan", "pot lid")
    gone, changed, kept = (make_product(engine, name=name) for name in names)
    assert client.delete(f"{PRODUCTS}/{gone}").status_code == 204
    with closing(sqlite3.connect(str(engine.url.database))) as connection:
        connection.execute("VACUUM")
    assert client.patch(f"{PRODUCTS}/{changed}", json={"name": "pot"}).status_code == 200
    assert search(client, "pot") == [str(changed), str(kept)]
    assert search(client, "pan") == []


def test_what_is_found_comes_page_by_page(engine: Engine, client: FlaskClient) -> None:
    found = [str(make_product(engine, name=f"Pot {n}")) for n in range(5)]
    make_product(engine, name="Pan")
    walked = list(pages(client, f"{PRODUCTS}?q=p%C3%B3t&limit=2&include=total"))
    assert flat(walked) == found
    assert [page["total"] for page in walked] == [5, 5, 5]

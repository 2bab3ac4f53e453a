"""Lists: pages, cursors, links and totals, of products and of offers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.clock import utc_now
from tests.factories import make_product, observe
from tests.integration.api import PRODUCTS, faults_of, fetch, json_of
from tests.integration.lists import cursor_of, flat, ids, pages

LONG_AGO = utc_now() - timedelta(days=1)


def add(engine: Engine, numbers: range, *, at_s: float | None = 0) -> list[str]:
    """Add products whose ids are these numbers, all created at one instant or each later."""
    return [
        str(
            make_product(
                engine,
                product_id=UUID(int=n),
                name=f"Product {n}",
                created_at=LONG_AGO + timedelta(seconds=n if at_s is None else at_s),
            )
        )
        for n in numbers
    ]


@pytest.mark.parametrize("limit", [1, 3, 6, 7, 8])
@pytest.mark.parametrize("at_s", [0, None], ids=["same-instant", "one-after-another"])
def test_pages_together_are_the_list_in_order(
    engine: Engine, client: FlaskClient, limit: int, at_s: float | None
) -> None:
    created = add(engine, range(1, 8), at_s=at_s)
    walked = list(pages(client, f"{PRODUCTS}?limit={limit}"))
    assert flat(walked) == created
    assert all(len(ids(page)) == limit for page in walked[:-1])
    assert len(ids(walked[-1])) > 0


def test_products_come_in_the_order_of_their_creation(engine: Engine, client: FlaskClient) -> None:
    later = add(engine, range(1, 3), at_s=60)
    earlier = add(engine, range(3, 5), at_s=0)
    assert ids(fetch(client, PRODUCTS)) == earlier + later


def test_without_a_limit_a_page_holds_fifty(engine: Engine, client: FlaskClient) -> None:
    add(engine, range(1, 53))
    assert [len(ids(page)) for page in pages(client, PRODUCTS)] == [50, 2]


def test_rows_that_come_and_go_between_pages_move_no_other(
    engine: Engine, client: FlaskClient
) -> None:
    add(engine, range(10, 50, 10))
    walk = pages(client, f"{PRODUCTS}?limit=2")
    walked = ids(next(walk))
    # Before the cursor, behind it, and the very row that it was made of.
    add(engine, range(5, 6))
    added = add(engine, range(25, 26))
    client.delete(f"{PRODUCTS}/{UUID(int=20)}")
    client.delete(f"{PRODUCTS}/{UUID(int=30)}")
    walked += flat(walk)
    assert walked == [str(UUID(int=10)), str(UUID(int=20)), *added, str(UUID(int=40))]


def test_an_empty_list_is_one_page(client: FlaskClient) -> None:
    response = client.get(PRODUCTS)
    assert json_of(response) == {"items": [], "links": {"self": PRODUCTS, "next": None}}
    assert response.headers["Link"] == f'<{PRODUCTS}>; rel="self"'


def test_links_are_in_the_body_and_in_the_header(engine: Engine, client: FlaskClient) -> None:
    add(engine, range(1, 4))
    path = f"{PRODUCTS}?limit=2&include=total"
    response = client.get(path)
    links = json_of(response)["links"]
    assert links["self"] == path
    assert links["next"].startswith(f"{PRODUCTS}?limit=2&include=total&cursor=")
    expected = f'<{links["self"]}>; rel="self", <{links["next"]}>; rel="next"'
    assert response.headers["Link"] == expected
    assert re.fullmatch(r"[\x21-\x7e ]+", expected)
    last = client.get(links["next"])
    assert last.headers["Link"] == f'<{links["next"]}>; rel="self"'
    assert json_of(last)["links"] == {"self": links["next"], "next": None}


def test_total_counts_the_list_and_not_the_page(engine: Engine, client: FlaskClient) -> None:
    add(engine, range(1, 6))
    walked = list(pages(client, f"{PRODUCTS}?limit=2&include=total"))
    assert [page["total"] for page in walked] == [5, 5, 5]
    assert "total" not in fetch(client, f"{PRODUCTS}?limit=2")


def test_total_of_offers_counts_those_of_this_list(engine: Engine, client: FlaskClient) -> None:
    product_id = make_product(engine)
    observe(engine, make_product(engine), {UUID(int=1): (1, 1)})
    observe(engine, product_id, {UUID(int=n): (10, n % 2) for n in range(1, 6)})
    observe(engine, product_id, {UUID(int=n): (10, n % 2) for n in range(1, 5)})
    path = f"{PRODUCTS}/{product_id}/offers?include=total&limit=1"
    assert fetch(client, path)["total"] == 4
    assert fetch(client, f"{path}&in_stock=true")["total"] == 2


@pytest.fixture(params=["products", "offers"])
def path(request: pytest.FixtureRequest, engine: Engine) -> str:
    """Return the path of a list of three."""
    add(engine, range(1, 4))
    product_id = UUID(int=1)
    observe(engine, product_id, {UUID(int=n): (5, 1) for n in range(1, 4)})
    return PRODUCTS if request.param == "products" else f"{PRODUCTS}/{product_id}/offers"


def test_a_limit_is_a_whole_number_from_1_to_200(client: FlaskClient, path: str) -> None:
    assert len(ids(fetch(client, f"{path}?limit=1"))) == 1
    assert len(ids(fetch(client, f"{path}?limit=200"))) == 3
    wrong = ["0", "-1", "201", "1e9", "1000000000", "9" * 5000, "abc", "", "1.5", "0x10", "%00"]
    wrong += ["1_0", "%2B5", "%205", "%D9%A5"]
    for limit in wrong:
        told = faults_of(client.get(f"{path}?limit={limit}"), "parameter")
        assert told == {("limit", "range")}, limit


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        pytest.param("offset=1", ("offset", "unknown"), id="unknown"),
        pytest.param("a/b~c=1", ("a/b~c", "unknown"), id="no-pointer"),
        pytest.param("Limit=1", ("Limit", "unknown"), id="another-case"),
        pytest.param("include=everything", ("include", "choice"), id="include"),
        pytest.param("cursor=", ("cursor", "too_short"), id="empty-cursor"),
        pytest.param(f"cursor={'A' * 2201}", ("cursor", "too_long"), id="endless-cursor"),
        pytest.param("cursor=%00", ("cursor", "nul"), id="nul-in-cursor"),
        pytest.param("cursor=%C3%A9%F0%9F%AB%96", ("cursor", "cursor"), id="letters-in-cursor"),
        pytest.param("cursor=A", ("cursor", "cursor"), id="cursor-of-one"),
        pytest.param("cursor=AAAAAAAAAAAA", ("cursor", "cursor"), id="cursor-of-zeros"),
    ],
)
def test_a_bad_parameter_is_422(
    client: FlaskClient, path: str, query: str, fault: tuple[str, str]
) -> None:
    assert faults_of(client.get(f"{path}?{query}"), "parameter") == {fault}


def test_all_bad_parameters_are_told_at_once(client: FlaskClient, path: str) -> None:
    response = client.get(f"{path}?limit=0&include=x&cursor=&page=2")
    told = {("limit", "range"), ("include", "choice"), ("cursor", "too_short"), ("page", "unknown")}
    assert faults_of(response, "parameter") == told


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda cursor: cursor[:-1], id="cut-at-the-end"),
        pytest.param(lambda cursor: cursor[: len(cursor) // 2], id="cut-in-half"),
        pytest.param(lambda cursor: cursor[4:], id="cut-at-the-start"),
        pytest.param(lambda cursor: cursor + "AAAA", id="lengthened"),
        pytest.param(lambda cursor: cursor.swapcase(), id="case-swapped"),
        pytest.param(
            lambda cursor: ("B" if cursor[0] == "A" else "A") + cursor[1:], id="seal-edited"
        ),
        pytest.param(lambda cursor: cursor[:20] + "zz" + cursor[22:], id="values-edited"),
        pytest.param(lambda cursor: f"{cursor[:5]}!*!*{cursor[5:]}", id="foreign-characters"),
        pytest.param(lambda cursor: f"{cursor[:9]}    {cursor[9:]}", id="spaces-inside"),
    ],
)
def test_a_damaged_cursor_is_422(
    client: FlaskClient, path: str, damage: Callable[[str], str]
) -> None:
    cursor = cursor_of(client, f"{path}?limit=1")
    damaged = urlencode({"cursor": damage(cursor)})
    assert faults_of(client.get(f"{path}?{damaged}"), "parameter") == {("cursor", "cursor")}


def test_a_cursor_of_another_list_is_422(engine: Engine, client: FlaskClient, path: str) -> None:
    other = make_product(engine)
    observe(engine, other, {UUID(int=n): (5, 1) for n in range(1, 4)})
    cursor = cursor_of(client, f"{path}?limit=1")
    response = client.get(f"{PRODUCTS}/{other}/offers?cursor={cursor}")
    assert faults_of(response, "parameter") == {("cursor", "cursor")}


@pytest.mark.parametrize("query", ["sort=-price", "sort=items_in_stock", "in_stock=true"])
def test_a_cursor_of_another_query_is_422(engine: Engine, client: FlaskClient, query: str) -> None:
    product_id = make_product(engine)
    observe(engine, product_id, {UUID(int=n): (5, 1) for n in range(1, 4)})
    path = f"{PRODUCTS}/{product_id}/offers"
    cursor = cursor_of(client, f"{path}?limit=1")
    response = client.get(f"{path}?{query}&cursor={cursor}")
    assert faults_of(response, "parameter") == {("cursor", "cursor")}


def test_a_cursor_serves_with_another_limit(client: FlaskClient, path: str) -> None:
    cursor = cursor_of(client, f"{path}?limit=1")
    assert len(ids(fetch(client, f"{path}?limit=2&include=total&cursor={cursor}"))) == 2


def test_a_parameter_given_twice_is_422(client: FlaskClient) -> None:
    response = client.get(f"{PRODUCTS}?limit=1&limit=2&include=total")
    assert response.status_code == 422
    assert faults_of(response, "parameter") == {("limit", "repeated")}


def test_a_repeated_parameter_hides_no_other_fault(client: FlaskClient, path: str) -> None:
    response = client.get(f"{path}?limit=0&limit=1&include=x&page=1&page=2")
    told = {("limit", "repeated"), ("include", "choice"), ("page", "repeated")}
    assert faults_of(response, "parameter") == told

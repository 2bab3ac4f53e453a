"""Changes that depend on the product's version: of many at once one wins, and nothing is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.services import products
from tests.at_once import at_once
from tests.factories import make_product, observe
from tests.integration.api import PRODUCTS, create, faults_of, fetch, json_of

OFFER = UUID(int=1)
NEW = {"name": "Pot", "description": "2 l"}
METHODS = ["PUT", "PATCH", "DELETE"]


def call(client: FlaskClient, method: str, product_id: object, **headers: str) -> TestResponse:
    """Change a product's text, or delete it, under the conditions of some headers."""
    return client.open(
        f"{PRODUCTS}/{product_id}",
        method=method,
        json=None if method == "DELETE" else NEW,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


@pytest.fixture
def product(client: FlaskClient) -> dict[str, Any]:
    """Return a product in version 3."""
    product = create(client)
    for name in ("Second", "Third"):
        product = json_of(client.patch(f"{PRODUCTS}/{product['id']}", json={"name": name}))
    return product


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "sent",
    ['"3"', '"3.k7f2"', '"3.k7f2:gzip"', '"2", "3"', "*", 'W/"2", "3.x"'],
)
def test_a_change_of_the_expected_version_is_made(
    client: FlaskClient, product: dict[str, Any], method: str, sent: str
) -> None:
    response = call(client, method, product["id"], If_Match=sent)
    assert response.status_code == (204 if method == "DELETE" else 200)
    assert client.get(f"{PRODUCTS}/{product['id']}").status_code == (
        404 if method == "DELETE" else 200
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "sent", ['"2"', '"4"', '"2.k7f2", "1"', 'W/"3"', 'W/"3.k7f2"', '"x"', '"33"', '"3x"', '""']
)
def test_a_change_of_another_version_is_412_and_changes_nothing(
    client: FlaskClient, product: dict[str, Any], method: str, sent: str
) -> None:
    response = call(client, method, product["id"], If_Match=sent)
    assert response.status_code == 412
    assert response.get_json()["type"] == "/problems/product-changed"
    assert fetch(client, product["id"]) == product


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sent", ["*", '"3"', 'W/"3.k7f2"', '"1", "3.x"'])
def test_a_change_of_an_excluded_version_is_412_and_changes_nothing(
    client: FlaskClient, product: dict[str, Any], method: str, sent: str
) -> None:
    response = call(client, method, product["id"], If_None_Match=sent)
    assert response.status_code == 412
    assert fetch(client, product["id"]) == product


@pytest.mark.parametrize("method", METHODS)
def test_other_excluded_versions_do_not_matter(
    client: FlaskClient, product: dict[str, Any], method: str
) -> None:
    response = call(client, method, product["id"], If_None_Match='"2", "4"', If_Match='"3"')
    assert response.status_code in (200, 204)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("sent", ["3", '"3', "", '"3" "4"', '*, "3"'])
def test_a_malformed_condition_is_422_and_changes_nothing(
    client: FlaskClient, product: dict[str, Any], method: str, header: str, sent: str
) -> None:
    response = call(client, method, product["id"], **{header: sent})
    assert faults_of(response, "header") == {(header, "format")}
    assert fetch(client, product["id"]) == product


def test_both_malformed_conditions_are_told_at_once(
    client: FlaskClient, product: dict[str, Any]
) -> None:
    response = call(client, "DELETE", product["id"], If_Match="3", If_None_Match="3")
    told = {("If-Match", "format"), ("If-None-Match", "format")}
    assert faults_of(response, "header") == told


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_an_unknown_product_is_404_whatever_the_condition(
    client: FlaskClient, method: str, header: str
) -> None:
    for sent in ("*", '"3"'):
        assert call(client, method, uuid4(), **{header: sent}).status_code == 404


def test_a_poll_between_reading_and_writing_spoils_no_edit(
    engine: Engine, client: FlaskClient
) -> None:
    product_id = make_product(engine)
    for price in (10, 11):
        tag = client.get(f"{PRODUCTS}/{product_id}").headers["ETag"]
        observe(engine, product_id, {OFFER: (price, 1)})
        assert client.get(f"{PRODUCTS}/{product_id}").headers["ETag"] != tag
    assert call(client, "PUT", product_id, If_Match=tag).status_code == 200
    assert call(client, "PUT", product_id, If_Match=tag).status_code == 412


def test_a_change_to_the_same_text_is_subject_to_the_condition_too(
    client: FlaskClient, product: dict[str, Any]
) -> None:
    path = f"{PRODUCTS}/{product['id']}"
    for body in ({}, {"name": product["name"]}):
        response = client.patch(path, json=body, headers={"If-Match": '"2"'})
        assert response.status_code == 412
        response = client.patch(path, json=body, headers={"If-Match": '"3"'})
        assert json_of(response) == product


@pytest.fixture
def polled_id(engine: Engine) -> UUID:
    """Return a product in version 1; as it is registered, changes lock nothing but its own row."""
    product_id = make_product(engine)
    observe(engine, product_id, {OFFER: (10, 1)})
    return product_id


def test_of_many_puts_with_one_tag_exactly_one_wins(
    app: Flask, client: FlaskClient, polled_id: UUID
) -> None:
    path = f"{PRODUCTS}/{polled_id}"
    for version in range(1, 11):
        tag = client.get(path).headers["ETag"]
        answers = at_once(
            [
                partial(
                    app.test_client().put,
                    path,
                    json={"name": f"{tag} {n}", "description": ""},
                    headers={"If-Match": tag},
                )
                for n in range(8)
            ]
        )
        assert sorted(one.status_code for one in answers) == [200] + [412] * 7
        [winner] = (one for one in answers if one.status_code == 200)
        assert json_of(winner) == fetch(client, path)
        assert json_of(winner)["version"] == version + 1


def test_of_puts_and_deletes_with_one_tag_exactly_one_wins(
    app: Flask, engine: Engine, client: FlaskClient
) -> None:
    for _ in range(10):
        product_id = make_product(engine)
        observe(engine, product_id, {OFFER: (10, 1)})
        answers = at_once(
            [
                partial(call, app.test_client(), method, product_id, If_Match='"1"')
                for method in ["PUT", "DELETE"] * 3
            ]
        )
        statuses = [one.status_code for one in answers]
        [winner] = (status for status in statuses if status in (200, 204))
        losers = {status for status in statuses if status not in (200, 204)}
        assert losers == ({412} if winner == 200 else {404})
        left = client.get(f"{PRODUCTS}/{product_id}").status_code
        assert left == (200 if winner == 200 else 404)


@pytest.mark.parametrize("method", METHODS)
def test_who_comes_while_another_changes_the_product_finds_it_changed(
    app: Flask, engine: Engine, client: FlaskClient, polled_id: UUID, method: str
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(engine) as session:
            products.update_product(session, polled_id, {"name": "First"}, now=utc_now())
            second = pool.submit(call, app.test_client(), method, polled_id, If_Match='"1"')
            wait([second], timeout=0.3)
        assert second.result(20).status_code == 412
    assert fetch(client, polled_id)["name"] == "First"


@pytest.mark.parametrize("method", METHODS)
def test_who_comes_while_another_deletes_the_product_finds_none(
    app: Flask, engine: Engine, polled_id: UUID, method: str
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(engine) as session:
            products.delete_product(session, polled_id)
            second = pool.submit(call, app.test_client(), method, polled_id, If_Match='"1"')
            wait([second], timeout=0.3)
        assert second.result(20).status_code == 404


def test_polls_under_way_hinder_no_change_and_no_delete(
    app: Flask, engine: Engine, client: FlaskClient
) -> None:
    for _ in range(5):
        product_id = make_product(engine)
        tag = client.get(f"{PRODUCTS}/{product_id}").headers["ETag"]
        with ThreadPoolExecutor(1) as pool:
            polls = pool.submit(poll_until_it_is_gone, engine, product_id)
            assert call(client, "PUT", product_id, If_Match=tag).status_code == 200
            assert call(client, "DELETE", product_id, If_Match='"2"').status_code == 204
            polls.result(30)


def poll_until_it_is_gone(engine: Engine, product_id: UUID) -> None:
    """Record polls until there is no such product to claim."""
    with suppress(AssertionError):
        for price in count():
            observe(engine, product_id, {OFFER: (price, 1)})

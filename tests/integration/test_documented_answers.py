"""What the API answers is what its document says, to the last member."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.clock import utc_now
from tests.factories import make_product, observe
from tests.integration.api import PRODUCTS
from tests.openapi import find_breaches

PRODUCT, PRICED, ENDED, UNKNOWN = (UUID(int=n) for n in range(1, 5))
ONE = f"{PRODUCTS}/{PRODUCT}"
NEW = {"name": "Kettle"}


@pytest.fixture
def observed(engine: Engine) -> Engine:
    """Return the engine of a database with a product that has offers and a past."""
    make_product(engine, product_id=PRODUCT)
    for minutes, offers in ((120, {PRICED: (300, 2), ENDED: (290, 1)}), (1, {PRICED: (310, 0)})):
        observe(engine, PRODUCT, offers, at=utc_now() - timedelta(minutes=minutes))
    return engine


@pytest.mark.usefixtures("observed")
@pytest.mark.parametrize(
    ("operation_id", "method", "path", "request_", "status"),
    [
        ("create_product", "POST", PRODUCTS, {"json": NEW}, 201),
        ("create_product", "POST", PRODUCTS, {"json": NEW | {"id": str(PRODUCT)}}, 409),
        ("create_product", "POST", PRODUCTS, {"json": {"colour": "red"}}, 422),
        ("create_product", "POST", PRODUCTS, {"json": {"name": "x" * 2**20}}, 413),
        ("create_product", "POST", PRODUCTS, {"data": "{", "content_type": "text/plain"}, 415),
        ("create_product", "POST", PRODUCTS, {"data": "{", "content_type": "text/json"}, 415),
        ("create_product", "POST", PRODUCTS, {"data": "{", "mimetype": "application/json"}, 400),
        ("list_products", "GET", PRODUCTS, {}, 200),
        ("list_products", "GET", f"{PRODUCTS}?include=total&limit=1", {}, 200),
        ("list_products", "GET", f"{PRODUCTS}?limit=0&sort=colour", {}, 422),
        ("get_product", "GET", ONE, {}, 200),
        ("get_product", "GET", f"{PRODUCTS}/{UNKNOWN}", {}, 404),
        ("get_product", "GET", f"{PRODUCTS}/1", {}, 404),
        ("get_product", "GET", f"{ONE}%00", {}, 400),
        ("replace_product", "PUT", ONE, {"json": NEW | {"description": ""}}, 200),
        ("replace_product", "PUT", ONE, {"json": NEW}, 422),
        ("patch_product", "PATCH", ONE, {"json": {"description": None}}, 200),
        ("patch_product", "PATCH", f"{PRODUCTS}/{UNKNOWN}", {"json": {}}, 404),
        ("delete_product", "DELETE", ONE, {}, 204),
        ("list_offers", "GET", f"{ONE}/offers?include=total", {}, 200),
        ("list_offers", "GET", f"{ONE}/offers?at=2026-03-01T12:00:00Z", {}, 200),
        ("get_offer", "GET", f"{ONE}/offers/{PRICED}", {}, 200),
        ("get_offer", "GET", f"{ONE}/offers/{ENDED}", {}, 200),
        ("get_offer", "GET", f"{ONE}/offers/{UNKNOWN}", {}, 404),
        ("list_changes", "GET", f"{ONE}/history?include=total", {}, 200),
        ("list_changes", "GET", f"{ONE}/history?format=csv", {}, 200),
        (
            "list_changes",
            "GET",
            f"{ONE}/history",
            {"headers": {"Accept": "application/x-ndjson"}},
            200,
        ),
        ("get_product_trend", "GET", f"{ONE}/trend?period=3h", {}, 200),
        ("get_product_trend", "GET", f"{ONE}/trend?from=2026-03-01&to=2026-03-02", {}, 200),
        ("get_product_trend", "GET", f"{ONE}/trend?aggregate=median&endpoints=strict", {}, 200),
        ("get_offer_trend", "GET", f"{ONE}/offers/{PRICED}/trend?period=3h", {}, 200),
        ("list_movers", "GET", "/api/v1/movers?period=3h", {}, 200),
    ],
)
def test_answer_is_as_documented(
    client: FlaskClient,
    operation_id: str,
    method: str,
    path: str,
    request_: dict[str, Any],
    status: int,
) -> None:
    response = client.open(path, method=method, **request_)
    assert response.status_code == status, response.text
    document = client.get("/openapi.json").get_json()
    assert find_breaches(document, operation_id, response) == []


def test_every_route_of_the_api_is_documented(app: Flask) -> None:
    documented = {
        (path, method.upper())
        for path, item in app.extensions["openapi"]()["paths"].items()
        for method in item
    }
    routed = {
        (rule.rule.replace("<uuid:", "{").replace(">", "}"), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert documented == routed


def test_document_that_has_not_changed_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/openapi.json")
    again = client.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, first.mimetype) == (200, "application/json")
    assert (again.status_code, again.data) == (304, b"")

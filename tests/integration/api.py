"""Calls of the API that tests make again and again."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PRODUCTS = "/api/v1/products"


def create(client: FlaskClient, **content: Any) -> dict[str, Any]:
    """Create a product and return it."""
    response = client.post(PRODUCTS, json={"name": "Kettle", "description": "1.7 l"} | content)
    assert response.status_code == 201, response.text
    return json_of(response)


def fetch(client: FlaskClient, path: object) -> dict[str, Any]:
    """Return what is at a path below the products, or at one that an answer named."""
    path = str(path)
    response = client.get(path if path.startswith("/") else f"{PRODUCTS}/{path}")
    assert response.status_code == 200, response.text
    return json_of(response)


def json_of(response: TestResponse) -> dict[str, Any]:
    """Return an answer's JSON object."""
    assert response.mimetype == "application/json", response.mimetype
    found = response.get_json()
    assert isinstance(found, dict)
    return found


def faults_of(response: TestResponse, location: str) -> set[tuple[str, str]]:
    """Return place and code of each fault that a 422 tells, all at one kind of location."""
    assert response.status_code == 422, response.text
    assert response.mimetype == "application/problem+json"
    body = response.get_json()
    assert body["type"] == "/problems/invalid-input"
    assert all(error.keys() == {location, "code", "detail"} for error in body["errors"])
    faults = [(error[location], error["code"]) for error in body["errors"]]
    assert len(faults) == len(set(faults)), "each is told once"
    return set(faults)

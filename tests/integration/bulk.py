"""Imports and exports that tests make again and again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.integration.api import PRODUCTS, json_of

IMPORT, EXPORT = f"{PRODUCTS}/import", f"{PRODUCTS}/export"
JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"


def ndjson(rows: Iterable[object]) -> bytes:
    """Return rows as NDJSON."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def send(
    client: FlaskClient, body: bytes, content_type: str = NDJSON, **query: str
) -> TestResponse:
    """Import a file."""
    return client.post(IMPORT, data=body, content_type=content_type, query_string=query)


def report_of(response: TestResponse) -> dict[str, Any]:
    """Return the report of an import that was carried out."""
    assert response.status_code == 200, response.text
    return json_of(response)


def failure_of(response: TestResponse) -> dict[str, Any]:
    """Return the report of an import that was not carried out for its rows' sake."""
    assert (response.status_code, response.mimetype) == (422, "application/problem+json")
    problem: dict[str, Any] = response.get_json()
    assert problem["type"] == "/problems/import-failed"
    usual = ("type", "title", "status", "detail", "instance", "request_id")
    return {name: value for name, value in problem.items() if name not in usual}


def counts(report: dict[str, Any]) -> tuple[int, int, int]:
    """Return how many rows were created, existed and failed."""
    return report["created"], report["existing"], report["failed"]


def codes(report: dict[str, Any]) -> dict[int, set[tuple[str, str]]]:
    """Return place and code of each fault of each failed row, by the row's number."""
    assert all(row["status"] == "failed" for row in report["rows"])
    return {
        row["row"]: {(fault["pointer"], fault["code"]) for fault in row["errors"]}
        for row in report["rows"]
    }


def exported(client: FlaskClient) -> list[dict[str, Any]]:
    """Return all products."""
    response = client.get(EXPORT)
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.data.splitlines()]


def contents(client: FlaskClient) -> list[tuple[str, str]]:
    """Return name and description of all products, sorted."""
    return sorted((product["name"], product["description"]) for product in exported(client))

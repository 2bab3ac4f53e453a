"""Errors as pages for people, and as problem documents for everybody else."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from aggregator import create_app
from aggregator.services import products
from aggregator.settings import Settings
from tests.crash import crash
from tests.integration.api import PRODUCTS
from tests.integration.pages import HTML, fill_in, hidden_fields, look, send, text_of

PROBLEM = "application/problem+json"
NOBODY = UUID(int=0)


@pytest.mark.parametrize(
    ("method", "path", "status", "told"),
    [
        ("GET", "/nothing", 404, "Not Found"),
        ("GET", f"/products/{NOBODY}/edit", 404, "Product not found"),
        ("GET", "/products/new%00", 400, "Unreadable request"),
        ("GET", "/sign-out", 405, "Method Not Allowed"),
        ("PUT", "/movers", 405, "Method Not Allowed"),
    ],
)
def test_people_are_told_what_went_wrong(
    client: FlaskClient, method: str, path: str, status: int, told: str
) -> None:
    headers = HTML | {"X-Request-ID": "the-one"}
    response = client.open(path, method=method, headers=headers)
    page = text_of(response, status)
    for words in (f"<h1>{told}</h1>", "the-one", 'href="/"', f">{status}<"):
        assert words in page
    assert "Accept" in response.headers["Vary"].split(", ")
    if status == 405:
        assert response.headers["Allow"]
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.9", "image/*"):
        same = client.open(path, method=method, headers={"Accept": accept})
        assert (same.status_code, same.mimetype) == (status, PROBLEM)


def test_the_api_never_answers_with_pages(client: FlaskClient) -> None:
    for path in ("/api/v1/nothing", f"{PRODUCTS}/{NOBODY}", f"{PRODUCTS}?limit=0"):
        assert client.get(path, headers=HTML).mimetype == PROBLEM


def test_a_crash_tells_nothing_but_the_request(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "get_product", crash(RuntimeError("a secret thing")))
    page = look(client, f"/products/{NOBODY}/edit", status=500)
    assert "Internal error" in page
    assert "secret" not in page


def test_what_was_typed_outlasts_a_database_that_is_away(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        away = OperationalError("INSERT", None, Exception("away"))
        patched.setattr(products, "create_product", crash(away))
        response = fill_in(client, "/products/new", name="Kettle", description="a & b")
    page = text_of(response, 503)
    assert response.headers["Retry-After"]
    assert send(client, "/products/new", hidden_fields(page)).status_code == 303


@pytest.mark.parametrize("url", ["sqlite:////nowhere/a.db", "postgresql+psycopg2://127.0.0.1:9/a"])
@pytest.mark.parametrize("auth", ["off", "all"])
def test_error_pages_need_no_database(url: str, auth: str) -> None:
    settings = Settings(database_url=url, log_level="error", api_auth=auth)
    client = create_app(settings).test_client()
    look(client, "/nothing", status=404)
    headers = HTML | {"Cookie": "aggregator_session=e30.x.x"}
    assert text_of(client.get("/nothing", headers=headers), 404)
    path = "/products/new" if auth == "off" else "/sign-in"
    assert "Database unavailable" in look(client, path, status=503)

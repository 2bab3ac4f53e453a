"""What every answer tells browsers and caches, whatever it is."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug import Response

from aggregator.services import product_documents
from tests.conftest import MakeApp
from tests.crash import crash
from tests.integration.api import PRODUCTS

STRICT = "default-src 'none'; frame-ancestors 'none'"
FIXED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def fixed(response: Response) -> dict[str, list[str]]:
    """Return what an answer says in the headers that are the same for all."""
    return {name: response.headers.getlist(name) for name in FIXED}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PRODUCTS, 200),
        ("HEAD", PRODUCTS, 200),
        ("OPTIONS", PRODUCTS, 200),
        ("POST", PRODUCTS, 415),
        ("DELETE", PRODUCTS, 405),
        ("GET", f"{PRODUCTS}?limit=0", 422),
        ("GET", f"{PRODUCTS}/export", 200),
        ("GET", f"{PRODUCTS}/%00", 400),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/openapi.json", 200),
        ("GET", "/", 200),
        ("GET", "/docs", 200),
        ("GET", "/redoc", 200),
        ("GET", "/problems", 200),
        ("GET", "/problems/nothing", 404),
        ("GET", "/assets/page.css", 200),
        ("GET", "/assets/nothing.css", 404),
        ("GET", "/nothing", 404),
    ],
)
def test_every_answer_is_guarded(client: FlaskClient, method: str, path: str, status: int) -> None:
    with client.open(path, method=method) as response:
        assert response.status_code == status
        assert fixed(response) == {name: [value] for name, value in FIXED.items()}
        [policy] = response.headers.getlist("Content-Security-Policy")
        assert "frame-ancestors 'none'" in policy
        is_page = path in ("/", "/docs", "/redoc", "/problems")
        assert (policy == STRICT) is not is_page
        assert "Strict-Transport-Security" not in response.headers
        kept = response.headers["Cache-Control"]
        assert kept == ("no-cache" if path != "/assets/page.css" else "public, max-age=31536000")


def test_what_has_not_changed_and_what_crashed_are_guarded_too(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (PRODUCTS, "/assets/page.css"):
        with client.get(path) as first:
            tag = {"If-None-Match": first.headers["ETag"]}
        with client.get(path, headers=tag) as again:
            assert again.status_code == 304
            assert fixed(again) == {name: [value] for name, value in FIXED.items()}
            assert again.headers["Cache-Control"]
    monkeypatch.setattr(
        product_documents, "list_products", crash(RuntimeError("nobody foresaw this"))
    )
    crashed = client.get(PRODUCTS)
    assert crashed.status_code == 500
    assert fixed(crashed) == {name: [value] for name, value in FIXED.items()}


@pytest.mark.parametrize("auth", ["write", "all"])
def test_answers_to_clients_that_are_known_are_kept_by_nobody_else(
    make_app: MakeApp, auth: str
) -> None:
    client = make_app(api_auth=auth).test_client()
    for path in (PRODUCTS, f"{PRODUCTS}/export", "/api/v1/nothing"):
        with client.get(path) as response:
            assert response.headers["Cache-Control"] == "private, no-cache"


def test_https_is_demanded_only_of_those_who_use_it(make_app: MakeApp) -> None:
    behind, direct = make_app(trusted_proxies=1).test_client(), make_app().test_client()
    proto = {"X-Forwarded-Proto": "https"}
    name = "Strict-Transport-Security"
    assert behind.get(PRODUCTS, headers=proto).headers[name] == "max-age=31536000"
    assert name not in behind.get(PRODUCTS).headers
    assert name not in direct.get(PRODUCTS, headers=proto).headers
    assert name in direct.get(PRODUCTS, base_url="https://localhost").headers

"""What pages of other web origins may do, as their browsers ask."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from aggregator.services import product_documents
from tests.conftest import MakeApp
from tests.crash import crash
from tests.factories import make_token
from tests.integration.api import PRODUCTS

SHOP = "https://shop.example"
#: Brackets and dots are no patterns.
LOCAL = "http://[::1]:3000"
REQUEST_HEADERS = "authorization,content-type,idempotency-key,if-match,if-none-match,x-request-id"
ALLOWED = "Access-Control-Allow-Origin"


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """Return an application that pages of two origins may call."""
    return make_app(cors_origins=(SHOP, LOCAL))


def preflight(app: Flask, origin: str, path: str = PRODUCTS, method: str = "PATCH") -> TestResponse:
    """Ask as a browser does before a call that is not simple."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": REQUEST_HEADERS,
    }
    return app.test_client().options(path, headers=headers)


def get(app: Flask, origin: str | None, path: str = PRODUCTS, **headers: str) -> TestResponse:
    """Call as a page of an origin does."""
    sent = headers if origin is None else {"Origin": origin, **headers}
    return app.test_client().get(path, headers=sent)


def cors(response: TestResponse) -> dict[str, str]:
    """Return the headers that a browser decides by."""
    return {name: value for name, value in response.headers if name.startswith("Access-Control-")}


def words(text: str) -> set[str]:
    """Return what a header lists."""
    return {word.strip().casefold() for word in text.split(",")}


def test_pages_may_do_nothing_unless_told_otherwise(make_app: MakeApp) -> None:
    app = make_app()
    assert cors(preflight(app, SHOP)) == cors(get(app, SHOP)) == {}
    assert "Origin" not in get(app, SHOP).headers.get("Vary", "")


@pytest.mark.parametrize("origin", [SHOP, LOCAL])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_browser_is_told_beforehand_what_a_page_may_do(
    app: Flask, origin: str, method: str
) -> None:
    response = preflight(app, origin, method=method)
    told = cors(response)
    assert response.status_code == 200
    assert told[ALLOWED] == origin
    assert method.casefold() in words(told["Access-Control-Allow-Methods"])
    assert words(told["Access-Control-Allow-Headers"]) == words(REQUEST_HEADERS)
    assert int(told["Access-Control-Max-Age"]) == 600
    assert "Access-Control-Allow-Credentials" not in told


def test_a_page_may_read_the_answer_and_its_headers(app: Flask) -> None:
    response = get(app, SHOP)
    assert response.headers.getlist(ALLOWED) == [SHOP]
    assert words(response.headers["Access-Control-Expose-Headers"]) == words(
        "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-ID, "
        "Idempotency-Replayed, Content-Disposition"
    )


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://shop.example.evil.example",
        "https://xshop.example",
        "https://shopxexample",
        "https://shop.example\n",
        "http://:::3000",
        "null",
        "*",
        "",
    ],
)
def test_another_origin_is_told_nothing(app: Flask, origin: str) -> None:
    for path in (PRODUCTS, "/api/v1/nothing"):
        environ = {"HTTP_ORIGIN": origin}
        for method in ("GET", "OPTIONS"):
            response = app.test_client().open(path, method=method, environ_overrides=environ)
            assert cors(response) == {}


@pytest.mark.parametrize("origin", [SHOP, "https://evil.example", None])
@pytest.mark.parametrize("path", [PRODUCTS, "/api/v1/nothing", "/openapi.json"])
def test_caches_keep_origins_apart(app: Flask, origin: str | None, path: str) -> None:
    assert "origin" in words(get(app, origin, path).headers["Vary"])


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/api/v1x", "/nothing", "/openapi.jsonx"])
def test_what_is_around_the_api_is_not_shared(app: Flask, path: str) -> None:
    assert cors(get(app, SHOP, path)) == {}
    assert "origin" not in words(get(app, SHOP, path).headers.get("Vary", ""))


def test_everybody_may_where_the_operator_says_so(make_app: MakeApp) -> None:
    app = make_app(cors_origins=("*",))
    for response in (get(app, SHOP), get(app, None), preflight(app, SHOP)):
        assert response.headers[ALLOWED] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "origin" not in words(response.headers.get("Vary", ""))


def test_browsers_ask_without_a_token(make_app: MakeApp, engine: Engine) -> None:
    app = make_app(cors_origins=(SHOP,), api_auth="all")
    assert preflight(app, SHOP).status_code == 200
    assert get(app, SHOP).status_code == 401
    token = make_token(engine)
    assert get(app, SHOP, Authorization=f"Bearer {token}").status_code == 200


def test_a_page_may_read_errors_too(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(cors_origins=(SHOP,), rate_limit="3/minute")
    closed = make_app(cors_origins=(SHOP,), api_auth="all")
    calls = [(closed, PRODUCTS), (app, "/api/v1/nothing"), (app, f"{PRODUCTS}?limit=0")]
    calls += [(app, f"{PRODUCTS}/%00"), (app, PRODUCTS), (app, PRODUCTS)]
    monkeypatch.setattr(
        product_documents, "list_products", crash(RuntimeError("nobody foresaw this"))
    )
    answers = [get(app, SHOP, path) for app, path in calls]
    assert [answer.status_code for answer in answers] == [401, 404, 422, 400, 500, 429]
    assert [answer.headers.getlist(ALLOWED) for answer in answers] == [[SHOP]] * len(answers)

"""Signing in: who may open which page, and what the cookie opens and what not."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from aggregator.clock import utc_now
from aggregator.db import db, unit_of_work
from aggregator.services import api_tokens
from tests.conftest import MakeApp
from tests.factories import make_product, make_token
from tests.integration.api import PRODUCTS
from tests.integration.pages import (
    HTML,
    hidden_fields,
    look,
    send,
    sign_in,
    text_of,
    where_to,
)

READING = ("/", "/movers", "/status", f"/products/{UUID(int=0)}")
FORMS = ("/products/new", "/products/import")
ELSEWHERE = (
    "",
    "movers",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\n/evil.example",
    " //evil.example",
    "/a\\b",
    "///evil.example",
)
OPEN = ("/docs", "/redoc", "/openapi.json", "/problems", "/healthz", "/sign-in")


def is_sent_to_sign_in(client: FlaskClient, path: str) -> bool:
    """Tell whether a page is kept from who is not signed in."""
    response = client.get(path, headers=HTML)
    return response.status_code == 303 and response.headers["Location"].startswith("/sign-in?")


def refuse_to_insert(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    """Fail as a database does that takes no writes."""
    if statement.startswith("INSERT"):
        raise OperationalError(statement, None, Exception("read-only"))


@pytest.mark.parametrize(
    ("auth", "kept"), [("off", ()), ("write", FORMS), ("all", (*READING, *FORMS))]
)
def test_pages_are_open_by_setting(make_app: MakeApp, auth: str, kept: tuple[str, ...]) -> None:
    client = make_app(api_auth=auth).test_client()
    for path in (*READING, *FORMS, *OPEN):
        assert is_sent_to_sign_in(client, path) is (path in kept), path
    header = look(client, "/docs/x", status=404)
    assert ("Sign in" in header) is (auth != "off")


def test_whoever_reads_is_offered_to_sign_in_and_to_come_back(
    make_app: MakeApp, engine: Engine
) -> None:
    client = make_app(api_auth="write").test_client()
    for path in ("/?q=saw&period=7d", "/movers", f"/products/{make_product(engine)}?period=7d"):
        [link] = re.findall(r'href="(/sign-in\?[^"]+)"', look(client, path))
        assert hidden_fields(look(client, link))["next"] == path


def test_who_signs_in_comes_to_the_page_that_was_wanted(make_app: MakeApp, engine: Engine) -> None:
    client, token = make_app(api_auth="all").test_client(), make_token(engine)
    asked = client.get("/movers?period=7d&x=%2F", headers=HTML)
    form = hidden_fields(look(client, where_to(asked)))
    response = send(client, "/sign-in", form | {"token": f" {token} "})
    assert where_to(response) == "/movers?period=7d&x=%2F"
    assert token not in response.text
    page = client.get("/movers", headers=HTML)
    assert "Sign out" in text_of(page)
    assert page.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in page.headers["Vary"]
    text_of(send(client, "/sign-out", {}), 403)
    out = send(client, "/sign-out", hidden_fields(page.text))
    assert where_to(out) == "/"
    assert is_sent_to_sign_in(client, "/")


def test_nobody_is_led_elsewhere(make_app: MakeApp, engine: Engine) -> None:
    client, off = (make_app(api_auth=auth).test_client() for auth in ("all", "off"))
    token = make_token(engine)
    for wanted in ELSEWHERE:
        assert where_to(sign_in(client, token, next=wanted)) == "/", wanted
        assert where_to(off.get("/sign-in", query_string={"next": wanted})) == "/", wanted


def test_a_session_ends_with_its_token(make_app: MakeApp, engine: Engine) -> None:
    client, now = make_app(api_auth="all").test_client(), utc_now()
    where_to(sign_in(client, make_token(engine, name="gone")))
    look(client, "/")
    assert client.get(PRODUCTS).status_code == 200
    form = hidden_fields(look(client, "/products/new")) | {"name": "Typed"}
    with unit_of_work(engine) as session:
        api_tokens.revoke_token(session, "gone", now=now)
    assert is_sent_to_sign_in(client, "/")
    assert client.get(PRODUCTS).status_code == 401
    kept = send(client, "/products/new", form)
    assert hidden_fields(text_of(kept, 403))["name"] == "Typed"


@pytest.mark.parametrize("wrong", ["", "pa_wrong", "é\0", "x" * 20_000])
def test_a_wrong_token_opens_nothing(make_app: MakeApp, engine: Engine, wrong: str) -> None:
    client, now = make_app(api_auth="all").test_client(), utc_now()
    old = make_token(engine, created_at=now - timedelta(days=9), expires_at=now)
    for token in (wrong, old):
        page = text_of(sign_in(client, token), 422)
        assert "This token is unknown, expired or revoked." in page
        assert not token or token not in page
    assert is_sent_to_sign_in(client, "/")


def test_signing_in_takes_a_form_of_ours(make_app: MakeApp, engine: Engine) -> None:
    client, token = make_app(api_auth="all").test_client(), make_token(engine)
    page = text_of(send(client, "/sign-in", {"token": token, "next": "/movers"}), 403)
    assert token not in page
    form = hidden_fields(page) | {"token": token}
    assert where_to(send(client, "/sign-in", form)) == "/movers"


@pytest.mark.parametrize("auth", ["write", "all"])
def test_a_token_that_may_read_only_changes_nothing(
    make_app: MakeApp, engine: Engine, auth: str
) -> None:
    client, product_id = make_app(api_auth=auth).test_client(), make_product(engine)
    where_to(sign_in(client, make_token(engine, scope="read")))
    look(client, "/")
    for path in (*FORMS, f"/products/{product_id}/edit", f"/products/{product_id}/delete"):
        form = hidden_fields(look(client, path, status=403)) | {"name": "x", "version": "1"}
        assert "a token that may only read" in text_of(send(client, path, form), 403)
    assert client.get(f"{PRODUCTS}/{product_id}").status_code in (200, 401)


def test_the_cookie_reads_the_api_and_nothing_else(make_app: MakeApp, engine: Engine) -> None:
    client, product_id = make_app(api_auth="all").test_client(), make_product(engine)
    where_to(sign_in(client, make_token(engine)))
    path = f"{PRODUCTS}/{product_id}"
    for method in ("GET", "HEAD"):
        response = client.open(path, method=method)
        assert response.status_code == 200
        assert "Cookie" in response.headers["Vary"]
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.open(path, method=method, json={"name": "x"}).status_code == 401
    assert client.post(PRODUCTS, json={"name": "x"}).status_code == 401
    assert client.get("/metrics").status_code == 401
    for header in ("Bearer pa_wrong", "Basic eDp5", ""):
        assert client.get(path, headers={"Authorization": header}).status_code == 401


def test_sessions_go_on_while_the_database_takes_no_writes(
    make_app: MakeApp, engine: Engine
) -> None:
    client = make_app(api_auth="all").test_client()
    where_to(sign_in(client, make_token(engine)))
    restarted = make_app(api_auth="all")
    with restarted.app_context():
        event.listen(db.engine, "before_cursor_execute", refuse_to_insert)
    again = restarted.test_client()
    cookie = client.get_cookie("aggregator_session")
    assert cookie
    again.set_cookie(cookie.key, cookie.value)
    look(again, "/")


def test_sessions_over_https_are_of_their_own(make_app: MakeApp, engine: Engine) -> None:
    app, token = make_app(api_auth="all", trusted_proxies=1), make_token(engine)
    client = app.test_client()
    client.environ_base["HTTP_X_FORWARDED_PROTO"] = "https"
    response = sign_in(client, token)
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-aggregator_session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_attempts_to_sign_in_count_like_calls(make_app: MakeApp, engine: Engine) -> None:
    client = make_app(api_auth="all", rate_limit="3/minute").test_client()
    form = hidden_fields(look(client, "/sign-in"))
    for status in (422, 422, 422, 429):
        response = send(client, "/sign-in", form | {"token": "pa_guess"})
        text = text_of(response, status)
    assert int(response.headers["Retry-After"]) > 0
    assert "Rate limit exceeded" in text
    assert "pa_guess" not in text
    assert client.get(PRODUCTS).status_code == 429
    look(client, "/sign-in")

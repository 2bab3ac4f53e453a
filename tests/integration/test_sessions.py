"""Sessions: signed with one key by all processes, and of no harm where the cookie is none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, event
from werkzeug.test import TestResponse

from aggregator import create_app
from aggregator.db import db, unit_of_work
from aggregator.models import SecretKey
from aggregator.settings import Settings
from tests.conftest import MakeApp
from tests.integration.api import PRODUCTS

HTTPS = "https://localhost"
COOKIE, SECURE_COOKIE = "aggregator_session", "__Host-aggregator_session"


def with_pages(app: Flask) -> FlaskClient:
    """Give an application a page that signs somebody in, and one that tells who it is."""

    @app.post("/in/<name>")
    def sign_in(name: str) -> str:
        session["name"] = name
        return ""

    @app.get("/who")
    def who() -> str:
        return str(session.get("name", "nobody"))

    return app.test_client()


def sign_in(client: FlaskClient, base_url: str = "http://localhost") -> dict[str, str]:
    """Sign in as Eva; return the attributes of the cookie that is set."""
    response = client.post("/in/Eva", base_url=base_url)
    assert response.status_code == 200
    name, _, rest = response.headers["Set-Cookie"].partition("=")
    value, *attributes = rest.split("; ")
    pairs = (attribute.partition("=") for attribute in attributes)
    return {"name": name, "value": value} | {key: set_to for key, _, set_to in pairs}


def who(client: FlaskClient, cookie: str) -> TestResponse:
    """Ask with this cookie and no other."""
    fresh = client.application.test_client(use_cookies=False)
    return fresh.get("/who", headers={"Cookie": f"{COOKIE}={cookie}"})


def test_processes_read_one_anothers_cookies(make_app: MakeApp) -> None:
    clients = [with_pages(make_app()) for _ in range(3)]
    with ThreadPoolExecutor() as pool:
        cookies = [cookie["value"] for cookie in pool.map(sign_in, clients)]
    for client in clients:
        assert [who(client, cookie).text for cookie in cookies] == ["Eva"] * 3


def test_a_key_of_the_operator_is_used_and_another_makes_cookies_void(make_app: MakeApp) -> None:
    first, second = (with_pages(make_app(secret_key=letter * 32)) for letter in "ab")
    cookie = sign_in(first)["value"]
    assert who(first, cookie).text == "Eva"
    assert (who(second, cookie).status_code, who(second, cookie).text) == (200, "nobody")
    assert who(with_pages(make_app()), cookie).text == "nobody"


def test_the_key_is_stored_once_and_whoever_deletes_it_signs_everybody_out(
    make_app: MakeApp, engine: Engine
) -> None:
    cookie = sign_in(with_pages(make_app()))["value"]
    with unit_of_work(engine) as transaction:
        [stored] = transaction.query(SecretKey).all()
        assert len(stored.key) >= 43
        transaction.execute(delete(SecretKey))
    later = with_pages(make_app())
    assert who(later, cookie).text == "nobody"
    assert who(later, sign_in(later)["value"]).text == "Eva"


@pytest.mark.parametrize("cookie", ["", "x", "e30.x.x", "....", "é", "x" * 4000])
def test_a_cookie_that_is_not_ours_is_ignored(make_app: MakeApp, cookie: str) -> None:
    client = with_pages(make_app())
    assert (who(client, cookie).status_code, who(client, cookie).text) == (200, "nobody")
    good = sign_in(client)["value"]
    assert who(client, good.replace(good[3], "A" if good[3] != "A" else "B", 1)).text == "nobody"


def test_cookies_are_for_this_site_alone(make_app: MakeApp) -> None:
    client = with_pages(make_app())
    plain, secure = sign_in(client), sign_in(client, HTTPS)
    assert {key: plain[key] for key in ("name", "Path", "SameSite")} == {
        "name": COOKIE,
        "Path": "/",
        "SameSite": "Lax",
    }
    assert {"HttpOnly"} <= plain.keys()
    assert "Secure" not in plain
    assert (secure["name"], secure["Path"]) == (SECURE_COOKIE, "/")
    assert {"HttpOnly", "Secure", "SameSite"} <= secure.keys()
    assert "Domain" not in secure
    sent = {"Cookie": f"{COOKIE}={plain['value']}"}
    fresh = client.application.test_client(use_cookies=False)
    assert fresh.get("/who", headers=sent, base_url=HTTPS).text == "nobody"
    assert fresh.get(PRODUCTS, headers=sent).status_code == 200


def test_a_call_without_a_cookie_reads_no_key(app: Flask, engine: Engine) -> None:
    client = with_pages(app)
    with app.app_context():
        statements: list[str] = []
        event.listen(
            db.engine, "before_cursor_execute", lambda *args: statements.append(str(args[2]))
        )
    assert client.get("/who").text == "nobody"
    assert statements == []
    sign_in(client)
    n_first = len(statements)
    sign_in(client)
    assert any("secret_keys" in statement for statement in statements)
    assert len(statements) == n_first
    with unit_of_work(engine) as transaction:
        assert transaction.query(SecretKey).count() == 1


@pytest.mark.parametrize("url", ["sqlite:////nowhere/a.db", "postgresql+psycopg2://127.0.0.1:9/a"])
def test_without_a_database_a_cookie_is_ignored(url: str) -> None:
    client = with_pages(create_app(Settings(database_url=url, log_level="error")))
    assert (who(client, "e30.x.x").status_code, who(client, "e30.x.x").text) == (200, "nobody")

"""Who may call what, by API_AUTH and by token; and tokens leave no trace."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, inspect, make_url, text
from werkzeug.test import TestResponse

from aggregator import create_app
from aggregator.clock import utc_now
from aggregator.db import db, unit_of_work
from aggregator.http import access_control
from aggregator.services import api_tokens, product_documents
from aggregator.services.api_tokens import StoredToken
from aggregator.settings import Settings
from tests.conftest import MakeApp
from tests.crash import crash
from tests.factories import make_token
from tests.integration.api import PRODUCTS, create

CHALLENGE = 'Bearer realm="product-aggregator"'
READING = ("GET", "HEAD")
WRITING = ("POST", "PUT", "PATCH", "DELETE", "BREW")
#: A product that nobody has, so that a call that is let in changes nothing.
NOBODY = f"{PRODUCTS}/00000000-0000-0000-0000-000000000001"


def call(app: Flask, token: str | None = None, path: str = PRODUCTS, **more: Any) -> TestResponse:
    """Call the API with a token, until the answer is sent in full."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return app.test_client().open(path, headers=headers, buffered=True, **more)


def stored(engine: Engine, name: str = "client") -> StoredToken:
    """Return what is stored of the token of this name."""
    with unit_of_work(engine) as session:
        [token] = [token for token in api_tokens.list_tokens(session) if token.name == name]
    return token


def is_refused(response: TestResponse) -> bool:
    """Tell whether a call was not let in, after checking how it is told."""
    if response.status_code not in (401, 403):
        return False
    assert response.mimetype == "application/problem+json"
    assert response.headers["WWW-Authenticate"].startswith(CHALLENGE)
    return True


@pytest.mark.parametrize("path", [PRODUCTS, NOBODY, "/api/v1", "/api/v1/nothing", "/api/v1/a//b"])
@pytest.mark.parametrize("sent", [None, "read", "write", "wrong"])
@pytest.mark.parametrize("auth", ["off", "write", "all"])
def test_a_call_is_let_in_by_setting_method_and_scope(
    make_app: MakeApp, engine: Engine, auth: str, sent: str | None, path: str
) -> None:
    app = make_app(api_auth=auth)
    tokens = {scope: make_token(engine, name=scope, scope=scope) for scope in ("read", "write")}
    token = tokens.get(sent, "pa_wrong") if sent else None
    good = sent in ("read", "write")
    for method in ("GET", "HEAD", "OPTIONS", *WRITING):
        needed = {"off": (), "write": WRITING, "all": (*READING, *WRITING)}[auth]
        response = call(app, token, path, method=method, json={})
        if method not in needed:
            expected = None
        elif not good:
            expected = 401
        else:
            expected = 403 if sent == "read" and method in WRITING else None
        assert is_refused(response) is (expected is not None), method
        assert expected in (None, response.status_code), method


@pytest.mark.parametrize(
    "path", ["/openapi.json", "/docs", "/healthz", "/nothing", "/api", "/api/v1x"]
)
def test_what_is_around_the_api_is_open(make_app: MakeApp, path: str) -> None:
    assert not is_refused(call(make_app(api_auth="all"), path=path))


def test_who_may_read_only_is_told_so(make_app: MakeApp, engine: Engine) -> None:
    response = call(make_app(api_auth="write"), make_token(engine, scope="read"), method="POST")
    assert response.get_json()["type"] == "/problems/insufficient-scope"
    told = f'{CHALLENGE}, error="insufficient_scope", scope="write"'
    assert response.headers["WWW-Authenticate"] == told


def test_who_sends_no_token_is_told_how(make_app: MakeApp) -> None:
    response = call(make_app(api_auth="all"))
    assert response.get_json()["type"] == "/problems/unauthorized"
    assert response.headers["WWW-Authenticate"] == CHALLENGE


def test_unknown_expired_and_revoked_tokens_are_told_apart_by_nobody(
    make_app: MakeApp, engine: Engine
) -> None:
    app, now = make_app(api_auth="all"), utc_now()
    expired = make_token(engine, name="old", created_at=now - timedelta(days=9), expires_at=now)
    revoked = make_token(engine, name="gone")
    with unit_of_work(engine) as session:
        api_tokens.revoke_token(session, "gone", now=now)
    answers = {
        (response.data, response.headers["WWW-Authenticate"], response.status_code)
        for token in (expired, revoked, "pa_unknown", expired[:-1], expired + "A")
        for response in [
            app.test_client().get(
                PRODUCTS, headers={"Authorization": f"Bearer {token}", "X-Request-ID": "same"}
            )
        ]
    }
    [(_, challenge, status)] = answers
    assert (challenge, status) == (f'{CHALLENGE}, error="invalid_token"', 401)


@pytest.mark.parametrize(("ms", "status"), [pytest.param(-1, 200, id="before"), (0, 401), (1, 401)])
def test_a_token_is_good_until_the_very_instant(
    make_app: MakeApp,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    ms: int,
    status: int,
) -> None:
    expires_at = utc_now() + timedelta(days=1)
    token = make_token(engine, expires_at=expires_at)
    monkeypatch.setattr(access_control, "utc_now", lambda: expires_at + timedelta(milliseconds=ms))
    assert call(make_app(api_auth="all"), token).status_code == status


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "bearer x",
        "Bearer\tx",
        "Bearer pa_ x",
        "Bearer pa_" + "x" * 10_000,
        "Bearer pa_\xe9\xff",
        "Bearer ž".encode().decode("latin-1"),
        "Bearer a=b, c=d",
        "Basic dXNlcjpwYXNz",
        "pa_x",
        ",",
        "Bearer {token}, Bearer {token}",
        "Bearer {token} x",
        "Basic {token}",
        "Bearer{token}",
        "Bearer '{token}'",
        "{token}",
    ],
    ids=lambda header: ascii(header)[:30],
)
def test_another_header_is_no_token(make_app: MakeApp, engine: Engine, header: str) -> None:
    sent = header.format(token=make_token(engine))
    client = make_app(api_auth="all").test_client()
    response = client.get(PRODUCTS, environ_overrides={"HTTP_AUTHORIZATION": sent})
    assert response.status_code == 401
    assert is_refused(response)


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER  {}", " Bearer {} "])
def test_the_scheme_is_read_as_http_says(make_app: MakeApp, engine: Engine, form: str) -> None:
    headers = {"Authorization": form.format(make_token(engine))}
    assert make_app(api_auth="all").test_client().get(PRODUCTS, headers=headers).status_code == 200


def test_a_refusal_comes_before_the_body_is_read(make_app: MakeApp) -> None:
    app = make_app(api_auth="write")
    for body in ({"data": b"{"}, {"data": b"x" * 2_000_000}, {"json": {"name": ""}}):
        assert call(app, method="POST", **body).status_code == 401


def test_a_write_with_a_token_is_carried_out(make_app: MakeApp, engine: Engine) -> None:
    client = make_app(api_auth="all").test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_token(engine)}"
    product = create(client)
    assert client.get(f"{PRODUCTS}/{product['id']}").status_code == 200


def test_digests_are_compared_in_constant_time(
    make_app: MakeApp, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, compared = make_token(engine), []

    def differ(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return False

    monkeypatch.setattr(hmac, "compare_digest", differ)
    assert call(make_app(api_auth="all"), token).status_code == 401
    digest = hashlib.sha256(token.encode()).digest()
    assert compared == [(digest, digest)]


def test_the_database_holds_no_token(make_app: MakeApp, engine: Engine) -> None:
    token = make_token(engine)
    assert call(make_app(api_auth="all"), token).status_code == 200
    with engine.connect() as connection:
        cells = [
            str(bytes(cell) if isinstance(cell, memoryview) else cell)
            for table in inspect(engine).get_table_names()
            for row in connection.execute(text(f"SELECT * FROM {table}"))
            for cell in row
        ]
    shown = [cell for cell in cells if "pa_" in cell]
    assert shown == [token[:8]]
    assert not any(token[8:20] in cell for cell in cells)


def test_requests_are_logged_with_the_token_s_name_and_never_with_the_token(
    make_app: MakeApp,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    app, token = make_app(api_auth="all", log_level="debug"), make_token(engine, name="shop")
    monkeypatch.setattr(
        product_documents, "list_products", crash(RuntimeError("nobody foresaw this"))
    )
    assert call(app, token).status_code == 500
    assert call(app, f"{token}x").status_code == 401
    said = capsys.readouterr().err
    logged = [json.loads(line) for line in said.splitlines()]
    by_status = {
        line["status"]: line.get("client") for line in logged if line["event"] == "request"
    }
    assert by_status == {500: "shop", 401: None}
    assert token[3:20] not in said


def test_client_id_is_the_token_s_or_anonymous(make_app: MakeApp, engine: Engine) -> None:
    app = make_app(api_auth="write")
    seen: list[str] = []
    app.teardown_request(lambda _error: seen.append(access_control.client_id()))
    token = make_token(engine)
    for method in ("GET", "DELETE"):
        call(app, token, NOBODY, method=method)
        call(app, None, NOBODY, method=method)
    assert seen == ["anonymous", "anonymous", str(stored(engine).id), "anonymous"]


def test_last_use_is_noted_about_once_a_minute(
    make_app: MakeApp, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, token, start = make_app(api_auth="all"), make_token(engine), utc_now()
    other = make_app(api_auth="all")
    assert stored(engine).last_used_at is None
    for app_, seconds, noted in (
        (app, 0, 0),
        (app, 59, 0),
        (other, 59, 0),
        (app, 60, 60),
        (app, 200, 200),
    ):
        now = start + timedelta(seconds=seconds)
        monkeypatch.setattr(access_control, "utc_now", lambda now=now: now)
        assert call(app_, token).status_code == 200
        assert stored(engine).last_used_at == start + timedelta(seconds=noted)


def read_only(url: str) -> str:
    """Return the URL of the same database for somebody who may only read."""
    if url.startswith("sqlite"):
        return url.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true"
    more = {"options": "-c default_transaction_read_only=on"}
    return make_url(url).update_query_dict(more).render_as_string(hide_password=False)


def test_no_request_fails_where_the_use_cannot_be_noted(
    database_url: str, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(database_url=read_only(database_url), api_auth="all", log_level="warning")
    app, token = create_app(settings), make_token(engine)
    for _ in range(3):
        assert call(app, token).status_code == 200
    with app.app_context():
        db.engine.dispose()
    # The database is left in peace for a while.
    [line] = capsys.readouterr().err.splitlines()
    logged = json.loads(line)
    assert (logged["event"], logged["token_id"]) == ("token_use_not_noted", str(stored(engine).id))
    assert re.search(r"read-?only", logged["reason"])
    assert stored(engine).last_used_at is None

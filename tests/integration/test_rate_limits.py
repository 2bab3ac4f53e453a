"""How many calls a client may make, and what it is told of that."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from aggregator import create_app
from aggregator.settings import Settings
from tests.conftest import MakeApp
from tests.e2e.processes import free_port
from tests.factories import make_token
from tests.integration.api import PRODUCTS
from tests.redis_server import RedisServer
from tests.waiting import wait_until

#: Nothing is there, so that no database is asked; calls count all the same.
NOTHING = "/api/v1/nothing"


def limited(rate_limit: str | None, **settings: Any) -> Flask:
    """Return an application that never asks its database."""
    return create_app(
        Settings(database_url="sqlite://", log_level="warning", rate_limit=rate_limit, **settings)
    )


def call(app: Flask, path: str = NOTHING, *, by: str = "192.0.2.1", **more: Any) -> TestResponse:
    """Call the API from an address."""
    return app.test_client().open(path, environ_base={"REMOTE_ADDR": by}, **more)


def statuses(app: Flask, n: int, path: str = NOTHING, **more: Any) -> list[int]:
    """Return how so many calls are answered."""
    return [call(app, path, **more).status_code for _ in range(n)]


def test_there_is_no_limit_unless_one_is_set() -> None:
    app = limited(None)
    assert set(statuses(app, 50)) == {404}
    assert not {"RateLimit", "RateLimit-Policy", "Retry-After"} & set(dict(call(app).headers))


def test_a_client_is_told_what_is_left() -> None:
    app = limited("3/minute")
    told = [call(app).headers["RateLimit"] for _ in range(3)]
    assert [re.sub(r"t=[0-9]+$", "t=…", line) for line in told] == [
        f'"default";r={left};t=…' for left in (2, 1, 0)
    ]
    assert all(1 <= int(line.partition("t=")[2]) <= 60 for line in told)
    assert call(app).headers["RateLimit-Policy"] == '"default";q=3;w=60'


def test_whoever_calls_too_often_is_told_when_to_come_again() -> None:
    app = limited("2/minute")
    assert statuses(app, 3) == [404, 404, 429]
    response = call(app)
    assert response.mimetype == "application/problem+json"
    problem = response.get_json()
    assert (problem["type"], problem["status"]) == ("/problems/rate-limit-exceeded", 429)
    assert problem["detail"] == "Each client may send 2 per 1 minute."
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert response.headers["RateLimit"].startswith('"default";r=0;t=')


def test_retry_after_tells_the_truth() -> None:
    app = limited("1/second")
    assert statuses(app, 1) == [404]
    wait_until(lambda: call(app).status_code == 404, timeout_s=5)


def test_each_of_several_limits_holds_and_is_told() -> None:
    app = limited("2/hour;3/minute")
    first = call(app)
    assert first.headers["RateLimit-Policy"] == '"60s";q=3;w=60, "3600s";q=2;w=3600'
    assert re.fullmatch(r'"60s";r=2;t=[0-9]+, "3600s";r=1;t=[0-9]+', first.headers["RateLimit"])
    assert statuses(app, 2) == [404, 429]
    last = call(app)
    assert last.status_code == 429
    assert int(last.headers["Retry-After"]) > 0


def test_clients_are_counted_apart() -> None:
    app = limited("2/minute")
    assert statuses(app, 3, by="192.0.2.1") == [404, 404, 429]
    assert statuses(app, 3, by="2001:db8::1") == [404, 404, 429]


@pytest.mark.parametrize(
    ("one", "other", "statuses_"),
    [
        pytest.param("2001:db8::1", "2001:db8::ffff:2", [404, 429], id="same-ipv6-network"),
        pytest.param("2001:db8::1", "2001:db8:0:1::1", [404, 404], id="other-ipv6-network"),
        pytest.param("::ffff:192.0.2.1", "::ffff:192.0.2.2", [404, 404], id="ipv4-in-ipv6"),
        pytest.param("192.0.2.1", "192.0.2.2", [404, 404], id="ipv4"),
        pytest.param("", "", [404, 429], id="unix-socket"),
        pytest.param("unknown", "unknown", [404, 429], id="no-address"),
    ],
)
def test_of_ipv6_a_client_is_a_whole_network(one: str, other: str, statuses_: list[int]) -> None:
    app = limited("1/minute")
    assert [call(app, by=address).status_code for address in (one, other)] == statuses_


def test_all_calls_of_a_client_are_counted_together() -> None:
    app = limited("3/minute")
    paths = [(NOTHING, "GET"), ("/api/v1", "POST"), (PRODUCTS, "OPTIONS"), (PRODUCTS, "BREW")]
    assert [call(app, path, method=method).status_code for path, method in paths][-1] == 429


@pytest.mark.parametrize("path", ["/healthz", "/openapi.json", "/docs", "/nothing"])
def test_what_is_around_the_api_is_not_limited(path: str) -> None:
    app = limited("1/minute")
    assert 429 not in statuses(app, 3, path)
    assert "RateLimit" not in call(app, path).headers
    assert statuses(app, 2) == [404, 429]


def forwarded(n_trusted: int, *said: str) -> list[int]:
    """Call once as each of these clients, as X-Forwarded-For says; return the statuses."""
    app = limited("1/minute", trusted_proxies=n_trusted)
    return [call(app, headers={"X-Forwarded-For": one}).status_code for one in said]


@pytest.mark.parametrize(
    ("n_trusted", "first", "second"),
    [
        pytest.param(0, "198.51.100.1", "198.51.100.2", id="nobody-is-believed"),
        pytest.param(1, "6.6.6.6, 198.51.100.1", "7.7.7.7, 198.51.100.1", id="a-client-s-lie"),
        pytest.param(2, "6.6.6.6, 198.51.100.1, 9.9.9.9", "198.51.100.1, 9.9.9.9", id="two"),
    ],
)
def test_nobody_escapes_by_what_they_say_of_themselves(
    n_trusted: int, first: str, second: str
) -> None:
    assert forwarded(n_trusted, first, second) == [404, 429]


@pytest.mark.parametrize(
    ("n_trusted", "first", "second"),
    [
        pytest.param(1, "198.51.100.1", "198.51.100.2", id="one"),
        pytest.param(2, "198.51.100.1, 9.9.9.9", "198.51.100.2, 9.9.9.9", id="two"),
    ],
)
def test_clients_behind_trusted_proxies_are_counted_apart(
    n_trusted: int, first: str, second: str
) -> None:
    assert forwarded(n_trusted, first, second) == [404, 404]


def test_clients_with_tokens_are_counted_by_token(make_app: MakeApp, engine: Engine) -> None:
    app = make_app(api_auth="all", rate_limit="2/minute")
    one, other = (
        {"Authorization": f"Bearer {make_token(engine, name=name)}"} for name in ("one", "other")
    )
    assert statuses(app, 3, headers=one) == [404, 404, 429]
    assert statuses(app, 3, headers=one, by="192.0.2.9") == [429, 429, 429]
    assert statuses(app, 3, headers=other) == [404, 404, 429]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer pa_guess"}])
def test_whoever_is_refused_is_counted_by_address(
    make_app: MakeApp, headers: dict[str, str]
) -> None:
    app = make_app(api_auth="all", rate_limit="2/minute")
    assert statuses(app, 3, PRODUCTS, headers=headers) == [401, 401, 429]
    assert statuses(app, 1, PRODUCTS, headers=headers, by="192.0.2.9") == [401]


def test_applications_count_together_in_redis(redis_server: RedisServer) -> None:
    one, other = (limited("3/minute", rate_limit_storage=redis_server.url) for _ in range(2))
    assert statuses(one, 2) + statuses(other, 2) == [404, 404, 404, 429]
    assert call(one).headers["RateLimit"].startswith('"default";r=0;t=')


def test_without_redis_each_application_counts_by_itself(
    redis_server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    app = limited("2/minute", rate_limit_storage=redis_server.url)
    assert statuses(app, 1) == [404]
    redis_server.stop()
    assert statuses(app, 3) == [404, 404, 429]
    redis_server.start()
    wait_until(lambda: call(app).status_code == 404)
    assert redis_server.n_keys() == 1, "it counts there again"
    said = capsys.readouterr().err
    assert "unreachable" in said
    assert "Traceback" not in said


def test_a_call_does_not_fail_where_redis_goes_away_during_it(redis_server: RedisServer) -> None:
    app = limited("2/minute", rate_limit_storage=redis_server.url)
    app.before_request(redis_server.stop)
    response = call(app)
    assert (response.status_code, "RateLimit" in response.headers) == (404, False)


def test_an_application_starts_without_redis() -> None:
    app = limited("2/minute", rate_limit_storage=f"redis://127.0.0.1:{free_port()}/0")
    assert statuses(app, 3) == [404, 404, 429]

"""What the processes log: one JSON object a line, whatever happens, and never a secret."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
import requests

from tests.databases import migrated
from tests.e2e.conftest import Start, Web, start_web
from tests.e2e.processes import POLLER, ROOT, Process, environ, find_secrets
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

#: Method, path and status.
Call = tuple[str, str, int]

#: With a database that holds nonsense.
CALLS: tuple[Call, ...] = (
    ("GET", "/nothing", 404),
    ("HEAD", "/products/export", 500),
    ("OPTIONS", "/products", 200),
    ("DELETE", "/products", 405),
    ("GET", "/products/export", 500),
    ("POST", "/products", 413),
)
#: The id of the request that is followed through both sides' logs.
TRACE = "followed-through"
FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]


def lines(process: Process) -> list[dict[str, Any]]:
    """Return what a process has logged; every line of its output must be JSON."""
    return [json.loads(line) for line in process.said().splitlines()]


def requests_of(process: Process) -> list[Call]:
    """Return method, path and status of the requests that a web server says it answered."""
    found = [line for line in lines(process) if line["event"] == "request"]
    return [(line["method"], line["path"], line["status"]) for line in found]


@pytest.fixture
def all_settings(tmp_path: Path, upstream: SandboxControl) -> dict[str, str]:
    """Return settings that are as talkative, and as full of secrets, as can be."""
    url = migrated(f"sqlite:///{tmp_path}/aggregator.db")
    return environ(
        url,
        upstream.base_url,
        API_AUTH="all",
        FLASK_DEBUG="1",
        LOG_FORMAT="",
        LOG_LEVEL="debug",
        RATE_LIMIT="10000/hour",
        RATE_LIMIT_STORAGE="redis://:hush-hush-redis@127.0.0.1:9/0",
        WEB_CONCURRENCY="1",
    )


def make_token(settings: dict[str, str]) -> str:
    """Make a token as an operator does."""
    command = [*FLASK, "tokens", "create", "shop", "--scope", "write"]
    made = subprocess.run(command, cwd=ROOT, env=settings, check=True, capture_output=True)
    return made.stdout.decode().strip()


def make_calls(web: Web, calls: Sequence[Call], headers: dict[str, str]) -> None:
    """Make calls; each must be answered with its status, and tell nothing of the code."""
    for method, path, status in calls:
        body = b"x" * 2**21 if status == 413 else None
        sent = headers | {"Content-Type": "application/json"}
        answer = web.call(method, path, data=body, headers=sent)
        assert answer.status_code == status, answer.text
        assert "Traceback" not in answer.text


def open_console(web: Web) -> None:
    """Ask for werkzeug's console, as if through a proxy; nobody said that one is to be believed."""
    console = web.api.replace("/api/v1", "/console")
    answer = requests.get(console, headers={"X-Forwarded-Proto": "https"}, timeout=20)
    assert answer.status_code == 404
    assert "Strict-Transport-Security" not in answer.headers


def kill_worker(web: Web) -> None:
    """Kill the worker, and wait for the next."""
    [worker] = psutil.Process(web.process.pid).children()
    os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: web.process.said().count("Booting worker") == 2)


def check_log(web: Web, calls: Sequence[Call]) -> None:
    """Check that the web server told each call once, each crash on one line, and the trace."""
    logged = lines(web.process)
    crashed = [line for line in logged if line["event"] == "request_crashed"]
    assert [line["exception"].startswith("Traceback") for line in crashed] == [True] * 3
    told = requests_of(web.process)
    for method, path, status in calls:
        assert told.count((method, f"/api/v1{path}", status)) == 1
    traced = {line["event"] for line in logged if line.get("request_id") == TRACE}
    assert traced >= {"access_token_obtained", "product_registered", "request"}


def test_all_that_is_logged_is_json_without_secrets(
    start: Start, all_settings: dict[str, str], upstream: SandboxControl, tmp_path: Path
) -> None:
    token = make_token(all_settings)
    headers = {"Authorization": f"Bearer {token}", "Cookie": "aggregator_session=e30.x.x"}
    web = start_web(start, all_settings)
    poller = start(*POLLER, **all_settings)

    traced = headers | {"X-Request-ID": TRACE}
    created = web.call("POST", "/products", json={"name": "Kettle"}, headers=traced)
    product_id = created.json()["id"]
    [registration] = upstream.log("register")
    assert (registration["product_id"], registration["request_id"]) == (product_id, TRACE)
    wait_until(lambda: '"products_polled"' in poller.said())

    with closing(sqlite3.connect(tmp_path / "aggregator.db")) as database, database:
        database.execute("UPDATE products SET created_at = 'never'")
        database.execute("UPDATE offers SET first_seen_at = 'never'")
        [offer_id, *_] = next(database.execute("SELECT id FROM offers"))
    offer = f"/products/{product_id}/offers/{UUID(offer_id)}"
    calls = [("GET", offer, 500), *CALLS]
    make_calls(web, calls, headers)
    open_console(web)
    kill_worker(web)
    web.close()
    assert (web.process.stop(), poller.stop()) == (0, 0)

    check_log(web, calls)
    polled = [line["request_id"] for line in lines(poller) if line["event"] == "products_polled"]
    assert {entry["request_id"] for entry in upstream.log()} <= set(polled)
    assert all(line["level"] and line["timestamp"] for line in lines(web.process) + lines(poller))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:hush-hush-database@127.0.0.1:9/none",
        "postgresql://user:hush-hush-database@127.0.0.1:9/none?sslmode=nonsense",
        "postgresql://user:hush-hush-database@127.0.0.1:9/none?nonsense=1",
        "postgresql://user:hush-hush-database@[::1/none",
    ],
)
def test_a_database_that_cannot_be_had_tells_no_password(start: Start, url: str) -> None:
    chosen = environ(url, "http://127.0.0.1:9/api/v1", LOG_LEVEL="debug")
    commands = [[*FLASK, "db", "upgrade"], [*FLASK, "products", "list"], [*POLLER, "--once"]]
    failing = [start(*command, **chosen) for command in commands]
    assert all(process.wait() for process in failing)


@pytest.mark.parametrize(
    "said",
    [
        "password hush-hush-database",
        "the key is kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
        "redis://:other@h:1/0",
        "pa_0123456789012345678901234567890123456789",
        "{'Bearer': '9c858901-8a57-4791-81fe-4c455b099bc9'}",
        '"Authorization": "Basic dXNlcjpwYXNzd29yZA=="',
        "Cookie: session=0123456789abcdef",
        "eyJhbGciOiJIUzI1NiJ9.e30.x",
    ],
)
def test_secrets_are_found(said: str) -> None:
    chosen = {"DATABASE_URL": "postgresql://u:hush-hush-database@h/d", "SECRET_KEY": "k" * 32}
    assert find_secrets(said, chosen)

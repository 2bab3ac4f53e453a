"""Access as an operator sets it, with the real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.e2e.conftest import Start, Web, start_web
from tests.e2e.processes import ROOT
from tests.redis_server import RedisServer
from tests.waiting import wait_until

pytestmark = pytest.mark.waits
LIMIT = 40


def tokens(settings: dict[str, str], *words: str) -> str:
    """Run a command as an operator does, and return what it prints."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "tokens", *words]
    return subprocess.run(
        command, cwd=ROOT, env=settings, check=True, capture_output=True, text=True
    ).stdout.strip()


def call_at_once(web: Web, n: int, **more: Any) -> list[requests.Response]:
    """Make so many calls, each over a connection of its own, so that all workers get some."""
    url = f"{web.api}/nothing"
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: requests.get(url, timeout=20, **more), range(n)))


def test_a_token_from_the_command_line_opens_the_api(
    start: Start, settings: dict[str, str]
) -> None:
    web = start_web(start, settings | {"API_AUTH": "all"})
    token = tokens(settings, "create", "shop", "--scope", "write")
    headers = {"Authorization": f"Bearer {token}"}
    assert web.call("GET", "/products").status_code == 401
    created = web.call("POST", "/products", json={"name": "Kettle"}, headers=headers)
    assert created.status_code == 201
    wait_until(lambda: json.loads(tokens(settings, "list", "--json"))["last_used_at"])
    tokens(settings, "revoke", "shop")
    assert web.call("GET", "/products", headers=headers).status_code == 401
    web.close()
    assert web.process.stop() == 0
    said = web.process.said()
    assert (token[:20] in said, '"client": "shop"' in said) == (False, True)


def test_workers_count_together_in_redis(
    start: Start, settings: dict[str, str], redis_server: RedisServer
) -> None:
    limits = {"RATE_LIMIT": f"{LIMIT}/hour", "RATE_LIMIT_STORAGE": redis_server.url}
    # Calls until it answers are counted by their address; so these have another.
    web = start_web(start, settings | limits | {"WEB_CONCURRENCY": "2", "TRUSTED_PROXIES": "1"})
    answers = call_at_once(web, LIMIT + 10, headers={"X-Forwarded-For": "198.51.100.7"})
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(404), statuses.count(429)) == (LIMIT, 10)
    left = {int(a.headers["RateLimit"].split(";")[1].removeprefix("r=")) for a in answers}
    # Of calls that overtake one another nobody need be told the highest number.
    assert min(left) == 0
    assert left <= set(range(LIMIT))
    web.close()

"""The very ``Procfile``, run by honcho in the environment that Heroku gives it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests
from sqlalchemy import make_url

from tests.conftest import REFRESH_TOKEN
from tests.databases import new_postgres_database
from tests.e2e.conftest import Start, Web
from tests.e2e.processes import ROOT, Process, free_port
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

HONCHO = [sys.executable, "-m", "honcho", "start"]


@pytest.fixture
def heroku(postgres_url: str, upstream: SandboxControl) -> Iterator[dict[str, str]]:
    """Return what Heroku sets, what ``app.json`` sets, and what somebody fills in."""
    manifest = json.loads((ROOT / "app.json").read_text(encoding="utf-8"))
    chosen = {name: var["value"] for name, var in manifest["env"].items() if "value" in var}
    with new_postgres_database(postgres_url) as url:
        given = make_url(url).set(drivername="postgres").update_query_dict({"sslmode": "prefer"})
        yield chosen | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DATABASE_URL": given.render_as_string(hide_password=False),
            "PORT": str(free_port()),
            "OFFERS_BASE_URL": upstream.base_url,
            "OFFERS_REFRESH_TOKEN": REFRESH_TOKEN,
        }


@pytest.fixture
def dynos(start: Start, heroku: dict[str, str]) -> Iterator[Process]:
    """Return the running web server and worker, after the release phase and as it left them."""
    release = start(*HONCHO, "release", **heroku)
    assert release.wait(60) == 0, release.said()
    process = start(*HONCHO, "web", "worker", **heroku)
    process.wait_for("poller_started")
    yield process
    # Each of its processes leads a session of its own: to kill honcho would leave them behind.
    process.stop(timeout_s=60)


def test_procfile_runs_as_on_heroku(
    heroku: dict[str, str], dynos: Process, upstream: SandboxControl
) -> None:
    web = Web(f"http://127.0.0.1:{heroku['PORT']}", dynos)
    wait_until(partial(_answers, web))
    assert web.call("POST", "/products", json={"name": "Hammock"}).status_code == 401
    web.authorize(_make_token(heroku))

    product_id = web.create("Hammock")
    wait_until(lambda: web.offers(product_id))

    with ThreadPoolExecutor(24) as pool:
        most = _most_connections(heroku, [pool.submit(web.create, f"P {i}") for i in range(120)])
    pool_size = int(heroku["DATABASE_POOL_SIZE"])
    assert set(most) == {"aggregator web", "aggregator poller"}
    assert most["aggregator web"] <= int(heroku["WEB_CONCURRENCY"]) * pool_size
    assert most["aggregator poller"] <= pool_size

    # Honcho leaves them 5 s, not 30, and gunicorn waits for kept connections as well.
    web.close()
    call = partial(web.call, headers={"Connection": "close"})
    upstream.faults(latency_ms=1000)
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(call, "POST", "/products", json={"name": "Last"})
        wait_until(lambda: call("GET", "/products?q=last").json()["items"])
        assert dynos.stop(signal.SIGTERM, timeout_s=30) == 143
        assert under_way.result().status_code == 201
    said = dynos.said()
    assert dict(re.findall(r"(\w+)\.1 stopped \(rc=(-?\d+)\)", said)) == {"web": "0", "worker": "0"}
    assert "SIGKILL" not in said
    wait_until(lambda: not _connections(heroku))


def _answers(web: Web) -> bool:
    try:
        return web.call("GET", "/products").ok
    except requests.ConnectionError:
        return False


def _make_token(heroku: dict[str, str]) -> str:
    """Make a token as `heroku run` does."""
    command = ["flask", "--app", "wsgi", "tokens", "create", "shop", "--scope", "write"]
    return subprocess.run(
        command, cwd=ROOT, env=heroku, check=True, capture_output=True, text=True
    ).stdout.strip()


def _most_connections(heroku: dict[str, str], calls: Sequence[Future[Any]]) -> Counter[str]:
    """Return the most connections at once by name while calls are under way."""
    most = _connections(heroku)
    while not all(call.done() for call in calls):
        most |= _connections(heroku)
    assert all(call.result() for call in calls)
    return most


def _connections(heroku: dict[str, str]) -> Counter[str]:
    """Return how many connections to the database there are, by the name of their process."""
    database = psycopg2.connect(heroku["DATABASE_URL"])
    with closing(database), database.cursor() as cursor:
        cursor.execute(
            "SELECT application_name FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
            " AND application_name LIKE 'aggregator %'"
        )
        return Counter(name for (name,) in cursor.fetchall())

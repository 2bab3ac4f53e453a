"""Creating products while the offers service takes 5 ms to register each."""

from __future__ import annotations

import json

import requests
from sqlalchemy import text

from benchmarks.web.results import OtherRow
from benchmarks.web.stage import Stage
from benchmarks.web.wrk import Request, Script
from tests.waiting import wait_until

_CONNECTIONS = 64
_TARGET_PER_S = 150
_CREATED = "SELECT count(*) FROM products WHERE name LIKE 'Posted %'"
_UNREGISTERED = "SELECT count(*) FROM product_sync WHERE registered_at IS NULL"


def measure_posts(stage: Stage) -> OtherRow:
    """Return how many products one worker creates and registers."""
    body = json.dumps({"name": "Posted #", "description": "Stored first, then registered."})
    script = Script(stage.folder / "posts", [Request("/api/v1/products", "POST", body=body)])
    # The first one of all waits for the access token.
    url = f"http://127.0.0.1:{stage.ours.port}/api/v1/products"
    requests.post(url, json={"name": "The first"}, timeout=60).raise_for_status()
    cpu = stage.ours.cpu_s()
    with script.running(stage.ours.port, _CONNECTIONS) as run:
        load = run.stop_after(stage.size.posting_s)
    cpu = stage.ours.cpu_s() - cpu
    unregistered = _count_unregistered(stage)
    created = _count(stage, _CREATED)
    figures = {
        "per_s": round(load.per_s, 1),
        "cpu_us": round(cpu * 1e6 / max(load.requests, 1)),
        "p50_ms": load.p50_us / 1000,
        "p99_ms": load.p99_us / 1000,
        "errors": load.errors,
        "created": created,
        "unregistered": unregistered,
    }
    return OtherRow(
        f"`POST /products`, {_CONNECTIONS} connections, one worker",
        f"{load.per_s:,.0f} a second, {load.errors} failed, {unregistered} not registered",
        f"≥ {_TARGET_PER_S} a second, none failed",
        load.per_s >= _TARGET_PER_S
        and not load.errors
        and not unregistered
        and created >= load.requests,
        figures,
    )


def _count_unregistered(stage: Stage) -> int:
    """Return how many products are not registered when what was under way has ended."""
    try:
        wait_until(lambda: _count(stage, _UNREGISTERED) == 0, timeout_s=10)
    except AssertionError:
        return _count(stage, _UNREGISTERED)
    return 0


def _count(stage: Stage, query: str) -> int:
    with stage.engine.connect() as connection:
        return connection.scalar(text(query)) or 0

"""Trends of a week, of products with 8 offers that change every minute."""

from __future__ import annotations

from benchmarks.client import Client
from benchmarks.web.results import OtherRow, spread
from benchmarks.web.stage import Stage
from benchmarks.web.wrk import Request, Script

_CONNECTIONS = 16
_MEASURED = "7d"
_OTHERS = ("30d", "365d")
_TARGET_PER_CORE = 150


def check_trends(stage: Stage) -> None:
    """Ask for what is measured of every product, and for longer periods of some."""
    client = Client(stage.ours.port)
    longer = [path for period in _OTHERS for path in _paths(stage, period)[:10]]
    for path in (*_paths(stage, _MEASURED), *longer):
        assert client.get(path)["change"]["direction"], path
    client.close()


def measure_trends(stage: Stage) -> OtherRow:
    """Return how many trends one worker answers, and what they take of a core."""
    requests = [Request(path) for path in _paths(stage, _MEASURED)]
    script = Script(stage.folder / "trends", requests)
    per_s, per_core, database_us = [], [], []
    for _ in range(stage.size.rounds):
        cpu, database_cpu = stage.ours.cpu_s(), stage.postgres_cpu_s()
        load = script.send(stage.ours.port, stage.size.load_s, _CONNECTIONS)
        cpu, database_cpu = stage.ours.cpu_s() - cpu, stage.postgres_cpu_s() - database_cpu
        per_s.append(load.per_s)
        per_core.append(load.requests / max(cpu, 0.01))
        database_us.append(database_cpu * 1e6 / load.requests)
    figures = {
        "per_s": spread(per_s),
        "per_core_s": spread(per_core),
        "database_cpu_us": spread(database_us),
    }
    return OtherRow(
        f"`GET …/trend?period={_MEASURED}`, 8 offers, minutely",
        f"{figures['per_core_s'].median:,.0f} a second of the worker's CPU;"
        f" {figures['per_s'].median:,.0f} a second,"
        f" and {figures['database_cpu_us'].median / 1000:.1f} ms of PostgreSQL's CPU for each",
        f"≥ {_TARGET_PER_CORE} a second per core",
        figures["per_core_s"].median >= _TARGET_PER_CORE,
        figures,
    )


def _paths(stage: Stage, period: str) -> list[str]:
    return [f"/api/v1/products/{id_}/trend?period={period}" for id_ in stage.minutely]

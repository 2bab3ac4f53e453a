"""What ``docs/operations/`` holds for Prometheus and Grafana fits what is really told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client import generate_latest
from sqlalchemy import Engine

from poller.heartbeat import Heartbeat
from poller.metrics import PollerMetrics
from tests.factories import make_product, observe
from tests.integration.api import PRODUCTS
from tests.promtool import promtool
from tests.scrape import Scrape

DOCS = Path(__file__).parents[2] / "docs"
OPERATIONS = DOCS / "operations"
NAME = re.compile(r"\baggregator_\w+")


def names_in(text: str) -> set[str]:
    """Return the metrics that a text names, whichever of their samples it means."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in NAME.findall(text)}


def expressions(panels: list[dict[str, Any]]) -> Iterator[str]:
    for panel in panels:
        for target in panel.get("targets", ()):
            yield target["expr"]


@pytest.fixture
def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((OPERATIONS / "dashboard.json").read_text())
    return found


@pytest.fixture
def told(client: FlaskClient, engine: Engine) -> Scrape:
    """Return what is told after a little of everything."""
    metrics = PollerMetrics()
    metrics.called_upstream("fetch_offers", 0.1)
    observe(engine, make_product(engine), {})
    Heartbeat(engine, metrics).beat()
    client.get(PRODUCTS)
    return Scrape(client.get("/metrics").text)


@pytest.fixture
def names(told: Scrape) -> set[str]:
    """Return the metrics of the web server and of a poller."""
    port = Scrape(generate_latest(PollerMetrics().registry).decode())
    return {name for name in told.families | port.families if name.startswith("aggregator_")}


@pytest.mark.parametrize("file", ["alerts.yml", "alerts.test.yml", "dashboard.json"])
def test_every_metric_that_is_asked_for_exists(file: str, names: set[str]) -> None:
    asked_for = names_in((OPERATIONS / file).read_text())
    assert asked_for
    assert asked_for <= names


def test_every_metric_is_described(names: set[str]) -> None:
    rows = re.findall(r"^\| `(aggregator_\w+)` \|", (DOCS / "metrics.md").read_text(), re.M)
    assert sorted(rows) == sorted(names)


def test_what_is_told_is_to_promtools_liking(told: Scrape) -> None:
    promtool("check", "metrics", said=told.text)
    port = generate_latest(PollerMetrics().registry).decode()
    promtool("check", "metrics", said=port)


def test_the_example_configuration_and_its_rules_are_valid() -> None:
    promtool("check", "config", str(OPERATIONS / "prometheus.yml"))


def test_alerts_fire_when_they_should() -> None:
    promtool("test", "rules", str(OPERATIONS / "alerts.test.yml"))


def test_the_dashboard_asks_in_valid_expressions(dashboard: dict[str, Any], tmp_path: Path) -> None:
    asked = [text.replace("$__rate_interval", "5m") for text in expressions(dashboard["panels"])]
    rules = [{"record": f"panel:{i}", "expr": text} for i, text in enumerate(asked)]
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", str(file))


def test_the_dashboard_is_bound_to_no_particular_data_source(dashboard: dict[str, Any]) -> None:
    sources = re.findall(r'"uid": "(.*?)"', json.dumps(dashboard["panels"]))
    assert set(sources) == {"${datasource}"}
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))

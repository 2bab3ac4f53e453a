"""The page that Prometheus reads."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from aggregator import current
from aggregator.db import db
from aggregator.http.access_control import METRICS
from aggregator.operations.metrics.database import DatabaseCollector
from aggregator.operations.metrics.processes import AllProcesses


def init_app(app: Flask, counted: Collector) -> None:
    """Serve the figures.

    :param counted: tells what this process counted.
    """
    registry = CollectorRegistry()
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    registry.register(AllProcesses(Path(folder)) if folder else counted)
    with app.app_context():
        registry.register(DatabaseCollector(db.engine, current.settings()))

    def metrics() -> Response:
        try:
            encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        except TypeError:
            # The library trips over a version that is no number.
            encode, content_type = choose_encoder("")
        return Response(encode(registry), content_type=content_type)

    app.add_url_rule(METRICS, view_func=metrics)

"""What operators' tools ask for. None of it is a call of the API."""

from __future__ import annotations

from flask import Flask

from aggregator.operations import health
from aggregator.operations.metrics import scrape
from aggregator.operations.metrics.requests import RequestMetrics


def init_app(app: Flask, counted: RequestMetrics) -> None:
    """Register the endpoints.

    :param counted: what this process counts.
    """
    health.init_app(app)
    scrape.init_app(app, counted)

"""``/metrics``: what the web server counts, and what the database knows, for Prometheus."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from aggregator.db import db
from aggregator.metrics import scrape
from aggregator.metrics.database import DatabaseCollector
from aggregator.metrics.requests import RequestMetrics
from aggregator.settings import Settings


def init_app(app: Flask, settings: Settings) -> RequestMetrics:
    """Count every request of the application, and serve what comes of it.

    Must come before all else that looks at requests: what is refused counts as well.
    """
    counted = RequestMetrics()
    counted.init_app(app)
    with app.app_context():
        known = DatabaseCollector(db.engine, stale_after=timedelta(seconds=settings.stale_after_s))
    scrape.init_app(app, counted, known)
    return counted

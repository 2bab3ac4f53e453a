"""What operators' tools ask for. None of it is a call of the API."""

from __future__ import annotations

from flask import Flask

from aggregator.operations import health


def init_app(app: Flask) -> None:
    """Register the endpoints."""
    health.init_app(app)

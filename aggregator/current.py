"""What the current application was made with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from flask import Flask, current_app

from aggregator.clock import utc_now
from aggregator.db import db
from aggregator.offers_client import OnCall
from aggregator.services.offers_service import OffersService, connect_offers_service
from aggregator.services.recorder import Recorder
from aggregator.settings import Settings

_SETTINGS = "aggregator.settings"
_OFFERS_SERVICE = "aggregator.offers_service"
#: Of a process of the web server. Each may register a product, and keeps its connection.
_MOST_THREADS = 64


def init_app(app: Flask, settings: Settings, *, on_upstream_call: OnCall) -> None:
    """Keep the settings, and the offers service as requests call it."""
    app.extensions[_SETTINGS] = settings
    with app.app_context():
        app.extensions[_OFFERS_SERVICE] = connect_offers_service(
            settings,
            db.engine,
            timeout_s=settings.register_timeout_s,
            n_threads=_MOST_THREADS,
            on_call=on_upstream_call,
        )


def settings() -> Settings:
    """Return the settings."""
    return cast(Settings, current_app.extensions[_SETTINGS])


def offers_service() -> OffersService:
    """Return the offers service, with the short time-out of a request that somebody waits for."""
    return cast(OffersService, current_app.extensions[_OFFERS_SERVICE])


def recorder() -> Recorder:
    """Return what records the outcome of an attempt."""
    return Recorder.from_settings(settings(), db.engine)


def stale_after() -> timedelta:
    """Return how long we know after a successful poll."""
    return timedelta(seconds=settings().stale_after_s)


def stale_before() -> datetime:
    """Return the instant before which a product's last poll makes it stale now."""
    return utc_now() - stale_after()

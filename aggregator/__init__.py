"""Product Aggregator: a product catalogue whose prices follow the market by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_migrate import Migrate

from aggregator import cli, current, log, operations, views, web
from aggregator.db import MIGRATIONS, db, render_item
from aggregator.engines import engine_options
from aggregator.http import (
    access_control,
    compression,
    cross_origin,
    entity_tags,
    json_provider,
    problems,
    proxies,
    replica,
    request_log,
    security_headers,
    sessions,
    turns,
)
from aggregator.operations.metrics.requests import RequestMetrics
from aggregator.settings import Settings

MAX_BODY_BYTES = 1024 * 1024

migrate = Migrate(
    directory=str(MIGRATIONS),
    render_item=render_item,
    render_as_batch=True,
)


class _Flask(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none here is ``async``, as Flask would find out at every call."""
        return func


def create_app(settings: Settings | None = None, process: str = "command") -> Flask:
    """Make the application.

    :param settings: None reads them from the environment.
    :param process: what it is made for: ``web``, ``poller`` or ``command``.
    :raises SettingsError: The environment holds bad values.
    """
    settings = settings or Settings.from_env()
    log.configure(settings.log_level, settings.log_format)
    app = _Flask(__name__)
    _configure(app, settings, process)
    db.init_app(app)
    migrate.init_app(app, db)
    replica.init_app(app)
    turns.init_app(app, settings.database_pool_size)
    # First of all that looks at requests: those that are refused count as well.
    counted = RequestMetrics()
    counted.init_app(app)
    current.init_app(app, settings, on_upstream_call=counted.called_upstream)
    json_provider.init_app(app)
    proxies.init_app(app, settings.trusted_proxies)
    request_log.init_app(app)
    security_headers.init_app(app, private=settings.api_auth != "off")
    sessions.init_app(app, settings.secret_key)
    compression.init_app(app)
    cross_origin.init_app(app, settings.cors_origins)
    access_control.init_app(app, settings)
    problems.init_app(app)
    entity_tags.init_app(app)
    views.init_app(app)
    operations.init_app(app, counted)
    web.init_app(app)
    cli.init_app(app)
    return app


def _configure(app: Flask, settings: Settings, process: str) -> None:
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(
            settings.database_url, pool_size=settings.database_pool_size, process=process
        ),
        SQLALCHEMY_BINDS=replica.binds(settings, process),
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        # Whatever FLASK_DEBUG says: errors are answered as documented.
        DEBUG=False,
        PROPAGATE_EXCEPTIONS=False,
    )
    # A path with an empty part is unknown, not a redirect to another.
    app.url_map.merge_slashes = False

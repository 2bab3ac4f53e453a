"""The API's blueprints: load, call one service, dump."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from aggregator.views import history, movers, offers, products, trends


class _Api(Api):
    """Flask-smorest without its error bodies: ours are problems, and keep their headers."""

    def _register_error_handlers(self) -> None:
        pass


def init_app(app: Flask) -> None:
    """Register the API."""
    app.config.update(API_TITLE="Product Aggregator", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    api = _Api(app)
    api.register_blueprint(products.bp)
    api.register_blueprint(offers.bp)
    api.register_blueprint(history.bp)
    api.register_blueprint(trends.bp)
    api.register_blueprint(movers.bp)

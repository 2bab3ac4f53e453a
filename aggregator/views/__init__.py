"""The API's blueprints: load, call one service, dump."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from aggregator import openapi
from aggregator.openapi.converter import Plugin
from aggregator.openapi.operations import OperationIds
from aggregator.views import bulk, history, movers, offers, products, trends


class _Api(Api):
    """Flask-smorest without its errors: ours are problems, documented by rules of our own."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        pass

    def _register_pagination_header(self) -> None:
        pass


def init_app(app: Flask) -> None:
    """Register the API."""
    app.config.update(API_TITLE="Product Aggregator", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    plugins = {"flask_plugin": OperationIds(), "marshmallow_plugin": Plugin()}
    api = _Api(app, spec_kwargs=plugins)
    api.register_blueprint(products.bp)
    api.register_blueprint(bulk.bp)
    api.register_blueprint(offers.bp)
    api.register_blueprint(history.bp)
    api.register_blueprint(trends.bp)
    api.register_blueprint(movers.bp)
    app.extensions["openapi"] = openapi.complete(api.spec.to_dict())

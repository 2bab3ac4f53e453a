"""The API's blueprints: load, call one service, dump."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Flask
from flask_smorest import Api

from aggregator import openapi
from aggregator.openapi.converter import Plugin
from aggregator.openapi.operations import OperationIds
from aggregator.views import bulk, history, movers, offers, products, trends

_MODULES = (products, bulk, offers, history, trends, movers)


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
    """Register the API, and what describes it."""
    for module in _MODULES:
        app.register_blueprint(module.bp)
    app.extensions["openapi"] = describe


@cache
def describe() -> dict[str, Any]:
    """Return the OpenAPI document.

    It takes longer to make than all else of an application, and hardly any process is asked
    for it.
    """
    app = Flask(__name__)
    app.config.update(API_TITLE="Product Aggregator", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    plugins = {"flask_plugin": OperationIds(), "marshmallow_plugin": Plugin()}
    api = _Api(app, spec_kwargs=plugins)
    for module in _MODULES:
        api.register_blueprint(module.bp)
    return openapi.complete(api.spec.to_dict())

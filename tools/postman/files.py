"""The files in ``docs/postman``, as the code's own document makes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aggregator import create_app
from aggregator.settings import Settings
from tools.postman.collection import make_collection
from tools.postman.tour import TOUR

FOLDER = Path(__file__).parents[2] / "docs" / "postman"
_ENVIRONMENT = {
    "name": "Product Aggregator, local",
    "values": [
        {"key": "base_url", "value": "http://localhost:5000", "type": "default", "enabled": True},
        {"key": "token", "value": "", "type": "secret", "enabled": True},
    ],
    "_postman_variable_scope": "environment",
}


def load_document() -> dict[str, Any]:
    """Return the OpenAPI document as the product serves it."""
    app = create_app(Settings(database_url="sqlite://", log_level="warning"))
    response = app.test_client().get("/openapi.json")
    document: dict[str, Any] = json.loads(response.data)
    return document


def generate() -> dict[str, str]:
    """Return each file's text by its name."""
    return {
        "product-aggregator.postman_collection.json": _text(make_collection(load_document(), TOUR)),
        "local.postman_environment.json": _text(_ENVIRONMENT),
    }


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"

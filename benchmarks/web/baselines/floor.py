"""*floor*: Flask with bytes that are ready, which no answer made on demand can reach.

``ANSWERS`` names a folder that holds the very bodies that this product answered with.
"""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response

app = Flask(__name__)
_FOLDER = Path(os.environ["ANSWERS"])
_LIST, _PRODUCT, _OFFERS = (
    (_FOLDER / name).read_bytes() for name in ("products", "product", "offers")
)


@app.get("/api/v1/products")
def list_products() -> Response:
    """Return the first page, whatever is asked for."""
    return Response(_LIST, mimetype="application/json")


@app.get("/api/v1/products/<uuid:product_id>")
def get_product(product_id: object) -> Response:
    """Return a product, whichever is asked for."""
    return Response(_PRODUCT, mimetype="application/json")


@app.get("/api/v1/products/<uuid:product_id>/offers")
def list_offers(product_id: object) -> Response:
    """Return a product's offers, whichever is asked for."""
    return Response(_OFFERS, mimetype="application/json")

"""The entity tag of a product."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import msgspec

_MARK_BYTES = 6


def product_tag(product: Any) -> str:
    """Return the tag of a product: its version, a dot, and a mark of all else that changes.

    :param product: a row of ``services.products``, with or without its text.
    """
    state = (
        # A product that was deleted and created again begins at version 1 again.
        product.created_at,
        product.updated_at,
        product.registered_at,
        product.registration_error,
        product.best_price,
        product.offers_count,
        product.checked_at,
        product.stale,
    )
    digest = hashlib.blake2b(msgspec.json.encode(state), digest_size=_MARK_BYTES).digest()
    return f"{product.version}.{base64.urlsafe_b64encode(digest).decode()}"

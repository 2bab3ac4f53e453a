"""Requests with an Idempotency-Key, and what is stored of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from werkzeug.test import TestResponse

from aggregator.db import reading, unit_of_work
from aggregator.models import IdempotencyKey, Product
from tests.integration.api import PRODUCTS

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
KETTLE = {"name": "Kettle", "description": "1.7 l"}


def post(client: FlaskClient, key: str = KEY, **content: Any) -> TestResponse:
    """Create a product under a key."""
    return client.post(PRODUCTS, json=KETTLE | content, headers={"Idempotency-Key": key})


def stored_keys(engine: Engine) -> list[IdempotencyKey]:
    """Return all keys."""
    with reading(engine) as session:
        found = list(session.scalars(select(IdempotencyKey)))
        session.expunge_all()
    return found


def names(engine: Engine) -> list[str]:
    """Return the names of all products."""
    with reading(engine) as session:
        return sorted(session.scalars(select(Product.name)))


def let_pass(engine: Engine, span: timedelta) -> None:
    """Make all keys older, as if so much time had passed."""
    row = IdempotencyKey
    with unit_of_work(engine) as session:
        for found in session.scalars(select(row)).all():
            session.execute(
                update(row)
                .where(row.client == found.client, row.key == found.key)
                .values(
                    created_at=found.created_at - span,
                    leased_until=found.leased_until and found.leased_until - span,
                )
            )

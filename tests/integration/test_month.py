"""The month that pictures are taken of has all that can befall a product."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

from aggregator.clock import utc_now
from aggregator.db import reading
from aggregator.models import PriceDetail
from tests.integration.api import PRODUCTS, fetch
from tools import month
from tools.assortment import ITEMS

NAMES = {"Bread oven", "Cargo bicycle", "Fireworks, assorted", "Moka pot", "Pétanque boules"}


def test_month_has_all_that_can_befall_a_product(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = timedelta(hours=5)
    monkeypatch.setattr(month, "ITEMS", [item for item in ITEMS if item.name in NAMES])
    monkeypatch.setattr(month, "_MONTH", begin)
    monkeypatch.setattr(month, "_STEPS", [(begin, timedelta(minutes=15))])
    month.Month(engine, utc_now()).write()
    found = {product["name"]: product for product in fetch(client, PRODUCTS)["items"]}
    assert found.keys() == NAMES
    oven, bicycle, fireworks, pot, boules = (found[name] for name in sorted(NAMES))
    assert (oven["best_price"], oven["offers_count"]) == (None, 0)
    assert bicycle["stale"]
    assert "may not be offered" in fireworks["registration_error"]
    assert pot["best_price"]
    assert boules["checked_at"] is None
    with reading(engine) as session:
        n_hours = session.scalar(select(func.count()).select_from(PriceDetail))
    assert n_hours is not None
    assert n_hours >= 5

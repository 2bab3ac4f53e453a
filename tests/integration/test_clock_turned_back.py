"""A clock goes an hour forward and back: what is stored stays in order, and can be read."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from aggregator.clock import utc_now
from aggregator.db import reading
from aggregator.models import Poll, PollGap, PriceSeal
from tests.factories import make_product, observe, seal_history
from tests.integration.api import PRODUCTS

OFFER = UUID(int=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def test_polls_stay_in_order_and_out_of_sealed_hours(engine: Engine) -> None:
    product_id, now = make_product(engine), utc_now()
    observe(engine, product_id, {OFFER: (1, 1)}, at=now - 10 * MINUTE)
    observe(engine, product_id, {OFFER: (2, 1)}, at=now + HOUR)
    assert seal_history(engine) >= 1
    for minute in range(3):
        observe(engine, product_id, {OFFER: (3 + minute, 1)}, at=now + minute * MINUTE)
    observe(engine, product_id, {OFFER: (9, 1)}, at=now + HOUR + MINUTE)
    with reading(engine) as session:
        sealed_until = session.scalars(select(PriceSeal.sealed_until)).one()
        polls = session.scalars(select(Poll.observed_at).order_by(Poll.observed_at)).all()
        gaps = session.execute(select(PollGap.last_poll_at, PollGap.ended_at)).all()
    assert sealed_until <= polls[0] == now + HOUR
    assert len(polls) == 5
    assert all(later > earlier for earlier, later in pairwise(polls))
    assert gaps == [(now - 10 * MINUTE, now + HOUR)]


@pytest.mark.parametrize("is_new", [True, False], ids=["only in the future", "before as well"])
def test_what_was_seen_in_the_future_spoils_no_answer(
    engine: Engine, client: FlaskClient, is_new: bool
) -> None:
    product_id, now = make_product(engine), utc_now()
    if not is_new:
        observe(engine, product_id, {OFFER: (1, 1)}, at=now - MINUTE)
    observe(engine, product_id, {OFFER: (2, 1)}, at=now + HOUR)
    observe(engine, product_id, {OFFER: (3, 1)}, at=now)
    for path in (
        f"{PRODUCTS}/{product_id}",
        f"{PRODUCTS}/{product_id}/offers",
        f"{PRODUCTS}/{product_id}/history?period=24h",
        f"{PRODUCTS}/{product_id}/trend?period=24h",
        f"{PRODUCTS}/{product_id}/offers/{OFFER}/trend?period=24h",
        "/api/v1/movers",
        "/metrics",
    ):
        assert client.get(path).status_code == 200, path

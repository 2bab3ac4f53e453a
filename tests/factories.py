"""Products and offers put into a database through the product's own code, without a poller."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine, update

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.models import PriceSeal
from aggregator.offers_wire import RemoteOffer, Snapshot
from aggregator.services import api_tokens, products
from aggregator.services.claims import claim_product
from aggregator.services.polls import Outcome
from aggregator.services.recorder import Recorder
from aggregator.services.seal_claims import claim_seals
from aggregator.services.sealing import seal_products

FOR_EVER = timedelta(days=36_500)
#: What a recorder of these goes by.
INTERVAL = timedelta(seconds=60)
STALE_AFTER = timedelta(seconds=300)


def make_product(
    engine: Engine,
    *,
    name: str = "Kettle",
    description: str = "",
    product_id: UUID | None = None,
    created_at: datetime | None = None,
) -> UUID:
    """Create a product that is not registered yet; return its id.

    Unless told otherwise each is created later than the one before, and lists show them so.
    """
    time.sleep(0.001)
    with unit_of_work(engine) as session:
        claim = products.create_product(
            session,
            product_id=product_id,
            name=name,
            description=description,
            now=created_at or utc_now(),
        )
    return claim.product_id


def make_token(
    engine: Engine,
    *,
    name: str = "client",
    scope: str = "write",
    created_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> str:
    """Make an API token and return it."""
    with unit_of_work(engine) as session:
        _, text = api_tokens.create_token(
            session, name=name, scope=scope, expires_at=expires_at, now=created_at or utc_now()
        )
    return text


def make_recorder(engine: Engine, *, stale_after: timedelta = STALE_AFTER) -> Recorder:
    """Return what records the outcomes of polls."""
    return Recorder(engine=engine, interval=INTERVAL, stale_after=stale_after)


def snapshot(offers: Mapping[UUID, tuple[int, int]], *, at: datetime) -> Snapshot:
    """Return what the offers service says, given price and stock by the offer's id."""
    return Snapshot(tuple(RemoteOffer(id_, *figures) for id_, figures in offers.items()), (), at)


def observe(
    engine: Engine,
    product_id: UUID,
    offers: Mapping[UUID, tuple[int, int]],
    *,
    at: datetime | None = None,
    stale_after: timedelta = STALE_AFTER,
) -> None:
    """Record a successful poll that saw exactly these offers, at an instant or now."""
    at = at or utc_now()
    with unit_of_work(engine) as session:
        claim = claim_product(session, product_id, now=utc_now())
    assert claim
    registered_at = at if claim.registration else None
    outcome = Outcome(claim, registered_at=registered_at, snapshot=snapshot(offers, at=at))
    assert make_recorder(engine, stale_after=stale_after).record([outcome]).polled == 1


def seal_history(engine: Engine, *, detail_for: timedelta = FOR_EVER) -> int:
    """Seal every hour that is over, whether its turn has come or not; return how many."""
    now, n_hours = utc_now(), 0
    with unit_of_work(engine) as session:
        session.execute(update(PriceSeal).values(due_at=now))
    while True:
        with unit_of_work(engine) as session:
            product_ids, lease = claim_seals(session, now=now, limit=100)
        if not product_ids:
            return n_hours
        with unit_of_work(engine) as session:
            n_hours += seal_products(session, product_ids, lease, now=now, detail_for=detail_for)

"""``python -m tools.month <DATABASE_URL>``: a month of history in an empty, migrated database.

The sandbox's market is polled through the product's own code, in a time that passes faster:
products are claimed, their outcomes stored and their hours sealed as if by a poller then.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.engines import engine_options
from aggregator.services.claims import Claim, claim_due
from aggregator.services.outcomes import store_outcomes
from aggregator.services.poller_figures import add_figures
from aggregator.services.pollers import poller_seen
from aggregator.services.polls import Outcome
from aggregator.services.schema import require_schema
from aggregator.services.seal_claims import claim_seals
from aggregator.services.sealing import seal_products
from poller.metrics import PollerMetrics
from tools.assortment import ITEMS
from tools.stand import Stand

_MONTH = timedelta(days=31)
#: How long before the end polls begin to be so far apart.
_STEPS = (
    (_MONTH, timedelta(minutes=15)),
    (timedelta(days=1), timedelta(minutes=5)),
    (timedelta(hours=1), timedelta(minutes=1)),
)
_STALE_AFTER = timedelta(minutes=45)
_SEAL_EVERY = timedelta(hours=6)
_SEALED_AT_ONCE = 50
_KEEP_DETAIL = timedelta(days=365)
_POLLER = UUID(int=1)


class Month:
    """A poller's month, with an offers service that has a product for every stand.

    :param end: the instant at which it ends; what has passed since is polled as well.
    """

    def __init__(self, engine: Engine, end: datetime) -> None:
        self._engine = engine
        self._end = end
        self._stands = {stand.id: stand for stand in (Stand(item, end) for item in ITEMS)}
        self._to_add = sorted(self._stands.values(), key=lambda stand: stand.added_at)
        self._latency = Random(0)
        self._metrics = PollerMetrics()

    def write(self) -> None:
        """Write what a poller would have stored."""
        seal_at = self._end - _MONTH + _SEAL_EVERY
        for at, step in self._polls():
            with unit_of_work(self._engine) as session:
                self._add_products(session, min(at, self._end - step))
                self._poll(session, at, step)
            if at >= seal_at:
                self._seal(at)
                seal_at += _SEAL_EVERY
        self._seal(utc_now())
        with unit_of_work(self._engine) as session:
            self._add_products(session, self._end)
            add_figures(session, self._metrics.totals())

    def _polls(self) -> Iterator[tuple[datetime, timedelta]]:
        """Yield when products are polled until now, and how long it is until the next time."""
        untils = [*(begin for begin, _ in _STEPS[1:]), timedelta(0)]
        for (begin, step), until in zip(_STEPS, untils, strict=True):
            at = self._end - begin
            while at < self._end - until:
                yield at, step
                at += step
        # Writing it has taken a while.
        while at <= utc_now():
            yield at, step
            at += step

    def _add_products(self, session: Session, at: datetime) -> None:
        while self._to_add and self._to_add[0].added_at <= at:
            self._to_add.pop(0).add(session)

    def _poll(self, session: Session, at: datetime, step: timedelta) -> None:
        claims = claim_due(session, now=at, limit=len(self._stands))
        outcomes = [self._ask(claim, at) for claim in claims]
        stored = store_outcomes(
            session,
            outcomes,
            now=at + timedelta(seconds=10),
            # Whatever a product's phase is, it is due before the next step.
            interval=step / 2,
            stale_after=_STALE_AFTER,
        )
        self._metrics.claimed(claims)
        self._metrics.stored(outcomes, stored)

    def _ask(self, claim: Claim, at: datetime) -> Outcome:
        operations = ["register", "fetch_offers"] if claim.registration else ["fetch_offers"]
        for operation in operations:
            took_ms = round(self._latency.lognormvariate(4.4, 0.6))
            self._metrics.called_upstream(operation, took_ms / 1000)
            at += timedelta(milliseconds=took_ms)
        return self._stands[claim.product_id].answer(claim, at)

    def _seal(self, now: datetime) -> None:
        while True:
            with unit_of_work(self._engine) as session:
                product_ids, lease = claim_seals(session, now=now, limit=_SEALED_AT_ONCE)
            if not product_ids:
                return
            with unit_of_work(self._engine) as session:
                self._metrics.sealed(
                    seal_products(session, product_ids, lease, now=now, detail_for=_KEEP_DETAIL)
                )


def tell_poller(engine: Engine) -> None:
    """Let a poller that began with the month have been seen just now."""
    now = utc_now()
    with unit_of_work(engine) as session:
        poller_seen(
            session,
            _POLLER,
            host=platform.node(),
            pid=os.getpid(),
            started_at=now - _MONTH,
            now=now,
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the month that ends now."""
    [database_url] = sys.argv[1:] if arguments is None else arguments
    engine = create_engine(database_url, **engine_options(database_url))
    require_schema(engine)
    Month(engine, utc_now()).write()
    tell_poller(engine)
    engine.dispose()


if __name__ == "__main__":
    main()

"""Years of minute-by-minute history, written and sealed by the product's own code.

Everything but the clock is as in the poller: snapshots are reconciled with what is stored, and
what that changes goes through the same statements, only many polls at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Engine, text, update

from aggregator.db import unit_of_work
from aggregator.models import ProductSync
from aggregator.offers_wire import Snapshot
from aggregator.services.observations import Observation, write_history, write_offers
from aggregator.services.reconcile import Changes, reconcile
from aggregator.services.seal_claims import claim_seals
from aggregator.services.sealing import seal_products
from benchmarks.market import Market
from tests.factories import FOR_EVER, STALE_AFTER, make_product, observe

N_OFFERS = 8
MINUTE = timedelta(minutes=1)
#: Hours that are written at a time, and sealed in one transaction.
_HOURS = 6
#: Products sealed in one transaction, as in the poller.
_BATCH = 10
#: By then each product's turn to be sealed has come.
_SETTLED = timedelta(minutes=20)


class Watched:
    """A product that is polled every minute. The first poll goes through the recorder.

    :param seed: of its market, and its name.
    :param start: the minute of the first poll.
    """

    def __init__(self, engine: Engine, seed: str, start: datetime) -> None:
        self._random = Random(f"{seed} polls")
        self._market = Market(seed, N_OFFERS)
        self._minute = start
        self._polled_at = self._next_poll()
        self._listed = {offer.id: offer for offer in self._market.offers()}
        self.product_id = make_product(engine, name=seed, created_at=start)
        figures = {id_: (o.price, o.items_in_stock) for id_, o in self._listed.items()}
        observe(engine, self.product_id, figures, at=self._polled_at)

    def poll_until(self, end: datetime) -> tuple[list[Observation], Observation]:
        """Return what each poll before an instant saw, and what changed in all since the last."""
        before, previous_at = self._listed, self._polled_at
        observed = []
        while self._minute < end:
            observed.append(self._poll())
        last = Snapshot(tuple(self._listed.values()), (), self._polled_at)
        return observed, self._observation(previous_at, reconcile(before, last))

    def _poll(self) -> Observation:
        previous_at, self._polled_at = self._polled_at, self._next_poll()
        self._market.tick()
        snapshot = Snapshot(self._market.offers(), (), self._polled_at)
        changes = reconcile(self._listed, snapshot)
        self._listed = {offer.id: offer for offer in snapshot.offers}
        return self._observation(previous_at, changes)

    def _observation(self, previous_at: datetime, changes: Changes) -> Observation:
        return Observation(self.product_id, self._polled_at, previous_at, changes)

    def _next_poll(self) -> datetime:
        """Return when the minute's answer is complete, and go on to the next minute."""
        at = self._minute + timedelta(milliseconds=self._random.randrange(20, 100))
        self._minute += MINUTE
        return at


def write_years(
    engine: Engine,
    watched: Sequence[Watched],
    start: datetime,
    end: datetime,
    *,
    detail_for: timedelta = FOR_EVER,
) -> None:
    """Write and seal history, some hours at a time.

    :param start: as far as it is written already, an hour's start.
    """
    while start < end:
        start = min(start + timedelta(hours=_HOURS), end)
        write_polls(engine, watched, start)
        seal_hours(engine, start + _SETTLED, detail_for=detail_for)


def write_polls(engine: Engine, watched: Sequence[Watched], end: datetime) -> None:
    """Write what the polls before an instant see."""
    for product in watched:
        observed, last = product.poll_until(end)
        with unit_of_work(engine) as session:
            write_offers(session, [last])
            write_history(session, observed, stale_after=STALE_AFTER)
            session.execute(
                update(ProductSync)
                .where(ProductSync.product_id == last.product_id)
                .values(
                    checked_at=last.at,
                    best_price=last.changes.best_price,
                    offers_count=last.changes.offers_count,
                )
            )


def seal_hours(engine: Engine, now: datetime, *, detail_for: timedelta = FOR_EVER) -> int:
    """Seal what the poller would have sealed by then; return how many hours of products."""
    n_hours = 0
    while True:
        with unit_of_work(engine) as session:
            product_ids, lease = claim_seals(session, now=now, limit=_BATCH)
        if not product_ids:
            return n_hours
        with unit_of_work(engine) as session:
            n_hours += seal_products(session, product_ids, lease, now=now, detail_for=detail_for)


def vacuum(engine: Engine) -> None:
    """Do what PostgreSQL does by itself in the end."""
    if engine.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))

"""What many products' best prices did over a period, at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from aggregator.history.bars import Steps
from aggregator.history.change import PriceChange, compute_change
from aggregator.history.period import Period
from aggregator.history.trend import Endpoint
from aggregator.services.movers import compare_products
from aggregator.services.paging import AnyRow
from aggregator.services.sparklines import find_sparklines


@dataclass(frozen=True, slots=True)
class Glance:
    """A product, how its best price changed, and what that did meanwhile."""

    product: AnyRow
    start: Endpoint
    end: Endpoint
    change: PriceChange
    line: Steps
    """None where nothing was buyable, or nothing was known."""


@dataclass(frozen=True, slots=True)
class Glances:
    """Products in the order they were asked for."""

    period: Period
    """From the start of an hour until now, as movers have it."""
    glances: Sequence[Glance]


def find_glances(
    session: Session, products: Sequence[AnyRow], period: Period, *, known_for: timedelta
) -> Glances:
    """Return what products did: as many statements for all of them as for one.

    :param period: until now; the change is that of :func:`~aggregator.services.movers.list_movers`.
    :param known_for: how long we know after a successful poll.
    """
    ids = [product.id for product in products]
    compared = compare_products(session, period, ids, known_for=known_for)
    period = compared.period
    lines = find_sparklines(session, ids, since=period.start, now=period.end, known_for=known_for)
    movers = {mover.product.id: mover for mover in compared.movers}
    glances = []
    for product in products:
        line = lines.get(product.id, Steps([], []))
        if mover := movers.get(product.id):
            glances.append(Glance(product, mover.start, mover.end, mover.change, line))
        else:
            glances.append(Glance(product, Endpoint(), Endpoint(), _no_change(product), line))
    return Glances(period, glances)


def _no_change(product: AnyRow) -> PriceChange:
    return compute_change(None, None, observed=product.checked_at is not None, priced=False)

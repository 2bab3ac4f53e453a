"""The pace that all pollers together keep at an offers service.

Whoever changes it locks its row before any other.
"""

from __future__ import annotations

from dataclasses import astuple
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from aggregator.models import OffersServicePace, ProductSync
from aggregator.recordset import dialect_insert
from aggregator.services import rates
from aggregator.services.pollers import GONE_AFTER, list_pollers
from aggregator.services.rates import Limits, Pace, Slot

log = structlog.get_logger(__name__)

#: Fewer products than this are no herd.
_HERD = 100

_COLUMNS = (OffersServicePace.next_at, OffersServicePace.per_s, OffersServicePace.slowed_at)


def find_rate(session: Session, base_url: str, limits: Limits, *, now: datetime) -> float | None:
    """Return how many requests per second all pollers may send now; None: any number."""
    return rates.rate_at(_find(session, base_url, now), limits, now)


def find_allowance(
    session: Session, base_url: str, limits: Limits, wanted: int, *, now: datetime
) -> int:
    """Return how many products a poller may claim now, at most ``wanted``; 0: it must wait.

    Where anything limits, no other poller gets an answer before the transaction ends.
    """
    pace = _find(session, base_url, now)
    if rates.rate_at(pace, limits, now) is not None:
        pace = _lock(session, base_url, now)
    return rates.allowance(pace, limits, wanted, now=now)


def reserve(
    session: Session, base_url: str, limits: Limits, n_requests: int, *, now: datetime
) -> Slot:
    """Take a slot for the requests that come of an allowance, in the same transaction.

    Nothing is written while nothing limits.

    :param n_requests: one for each claimed product, two for one to be registered first.
    """
    pace = _find(session, base_url, now)
    after, slot = rates.take(pace, limits, n_requests, now=now)
    if after != pace:
        _store(session, base_url, after)
    return slot


def slow_down(
    session: Session,
    base_url: str,
    limits: Limits,
    *,
    now: datetime,
    asked_per_s: float,
    wait: timedelta,
) -> None:
    """Make all pollers wait and slow down: the service refused a request, there were too many.

    :param asked_per_s: how many requests per second this poller sent lately.
    :param wait: how long to leave it alone.
    """
    n_pollers = sum(now - poller.seen_at <= GONE_AFTER for poller in list_pollers(session))
    pace = _lock(session, base_url, now)
    slowed = rates.slow_down(
        pace, limits, now=now, asked_per_s=asked_per_s * max(n_pollers, 1), wait=wait
    )
    _store(session, base_url, slowed)
    if slowed.slowed_at != pace.slowed_at:
        log.warning(
            "offers_service_throttles", per_s=slowed.per_s, retry_after_s=wait.total_seconds()
        )


def catch_up(session: Session, base_url: str, limits: Limits, *, now: datetime) -> None:
    """Spread the backlog after an outage of the service over the next interval."""
    registered = ProductSync.registered_at.is_not(None)
    n_products = session.scalar(select(func.count()).where(registered)) or 0
    if n_products < _HERD:
        return
    pace = _lock(session, base_url, now)
    slowed = rates.catch_up(pace, limits, n_products, now=now)
    if slowed != pace:
        _store(session, base_url, slowed)
        log.info("backlog_spread", products=n_products, per_s=slowed.per_s)


def _find(session: Session, base_url: str, now: datetime) -> Pace:
    row = session.execute(select(*_COLUMNS).where(OffersServicePace.base_url == base_url)).first()
    return Pace(*row) if row else Pace(now)


def _lock(session: Session, base_url: str, now: datetime) -> Pace:
    """Return the pace, which nobody else can change until the transaction ends."""
    session.execute(
        dialect_insert(session, OffersServicePace)
        .values(base_url=base_url, next_at=now)
        .on_conflict_do_nothing()
    )
    of_ours = select(*_COLUMNS).where(OffersServicePace.base_url == base_url)
    return Pace(*session.execute(of_ours.with_for_update()).one())


def _store(session: Session, base_url: str, pace: Pace) -> None:
    values = dict(zip((column.key for column in _COLUMNS), astuple(pace), strict=True))
    row = OffersServicePace
    session.execute(update(row).where(row.base_url == base_url).values(values))

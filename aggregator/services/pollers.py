"""The pollers that run: each says from time to time that its work gets on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from aggregator.models import Poller

#: A poller not seen for this long is gone: the longest batch takes as long as a lease, a minute.
GONE_AFTER = timedelta(minutes=2)
#: How long those that ended without a word are remembered.
_REMEMBERED = timedelta(days=1)


def poller_seen(
    session: Session, poller_id: UUID, *, host: str, pid: int, started_at: datetime, now: datetime
) -> None:
    """Note that a poller's work got on, and forget those of the past."""
    known = update(Poller).where(Poller.id == poller_id).values(seen_at=now).returning(Poller.id)
    if session.scalar(known) is None:
        session.add(Poller(id=poller_id, host=host, pid=pid, started_at=started_at, seen_at=now))
        session.execute(delete(Poller).where(Poller.seen_at < now - _REMEMBERED))


def poller_ended(session: Session, poller_id: UUID) -> None:
    """Forget a poller that ended as it should."""
    session.execute(delete(Poller).where(Poller.id == poller_id))


def list_pollers(session: Session) -> Sequence[Poller]:
    """Return the pollers that run or ended without a word lately, last seen first."""
    return session.scalars(select(Poller).order_by(Poller.seen_at.desc(), Poller.id)).all()

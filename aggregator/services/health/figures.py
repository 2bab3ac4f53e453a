"""What the database tells a person on duty in numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from aggregator.metric_families import POLLS
from aggregator.models import ProductSync
from aggregator.services.health.latency import Latency, find_latencies
from aggregator.services.health.subject import Subject
from aggregator.services.pace import find_rate
from aggregator.services.poller_figures import Key, find_figures
from aggregator.services.pollers import GONE_AFTER, list_pollers
from aggregator.services.rates import Limits
from aggregator.services.standing import Commonest, Standing, find_commonest, find_standing

#: Kinds of errors told of, the commonest.
_MOST_ERRORS = 10


@dataclass(frozen=True, slots=True)
class SeenPoller:
    """A poller, as it was when the database was looked at."""

    id: UUID
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    runs: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What the database tells in numbers."""

    standing: Standing
    pollers: Sequence[SeenPoller]
    """Last seen first."""
    errors: Sequence[Commonest]
    """Last errors of products, the commonest first."""
    refusals: Sequence[Commonest]
    """Why products are refused for good, the commonest first."""
    latencies: Sequence[Latency]
    throttled: int
    """Answers 429 since the database was made."""
    per_s: float | None
    """Requests per second that all pollers may send; None: any number."""


def read_figures(subject: Subject, session: Session) -> Figures:
    """Return what the database tells now."""
    base_url, now = subject.offers_service.base_url or "", subject.now
    totals = find_figures(session)
    return Figures(
        standing=find_standing(session, now=now, stale_before=subject.stale_before),
        pollers=_find_pollers(session, now),
        errors=find_commonest(session, ProductSync.last_error, limit=_MOST_ERRORS),
        refusals=find_commonest(session, ProductSync.registration_error, limit=_MOST_ERRORS),
        latencies=find_latencies(totals),
        throttled=_count_throttled(totals),
        per_s=find_rate(session, base_url, Limits.from_settings(subject.settings), now=now),
    )


def _find_pollers(session: Session, now: datetime) -> list[SeenPoller]:
    return [
        SeenPoller(p.id, p.host, p.pid, p.started_at, p.seen_at, now - p.seen_at <= GONE_AFTER)
        for p in list_pollers(session)
    ]


def _count_throttled(totals: Mapping[Key, float]) -> int:
    labels = json.dumps({"outcome": "throttled"})
    return int(totals.get((POLLS.name, labels), 0))

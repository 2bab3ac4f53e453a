"""What the database knows, asked for when Prometheus asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Lock, Thread

import structlog
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from aggregator.clock import utc_now
from aggregator.database_errors import first_line
from aggregator.db import reading
from aggregator.errors import DatabaseNotMigrated
from aggregator.metrics.fleet import fleet_metrics
from aggregator.services.poller_figures import Key, find_figures
from aggregator.services.standing import Standing, find_standing

log = structlog.get_logger(__name__)

#: Field of the standing, end of the metric's name, and help.
_GAUGES = (
    ("products", "products", "Products in the catalogue."),
    ("due", "products_due", "Products whose time has come and that no poller has taken yet."),
    (
        "overdue",
        "products_overdue",
        "Registered products without a successful poll for STALE_AFTER_S.",
    ),
    ("failing", "products_failing", "Products whose last attempt failed by their own fault."),
    (
        "registrations_pending",
        "registrations_pending",
        "Products that the offers service is still to hear of.",
    ),
    (
        "registrations_refused",
        "registrations_refused",
        "Products that the offers service refuses for good.",
    ),
    (
        "oldest_checked_at",
        "oldest_checked_at_timestamp_seconds",
        "The oldest last poll of registered products that do not fail by themselves.",
    ),
    ("pollers", "pollers_seen", "Pollers whose work got on within the last two minutes."),
    (
        "poller_seen_at",
        "poller_last_seen_timestamp_seconds",
        "When the work of any poller last got on.",
    ),
)


class DatabaseCollector(Collector):
    """Tells what the database knows, and whether it can be asked at all.

    :param stale_after: after this long without a successful poll a product is overdue.
    :param patience_s: how long a scrape waits for the database.
    """

    def __init__(self, engine: Engine, *, stale_after: timedelta, patience_s: float = 4.0) -> None:
        self._engine = engine
        self._stale_after = stale_after
        self._patience_s = patience_s
        self._lock = Lock()
        self._reading: _Reading | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield each metric with its samples."""
        read = self._read()
        standing = read.standing
        yield GaugeMetricFamily(
            "aggregator_database_up", "Whether the database answers.", float(standing is not None)
        )
        if standing is not None:
            yield from _gauges(standing)
            yield from fleet_metrics(read.fleet)

    def _read(self) -> _Reading:
        """Read, or wait for a reading that is under way; no longer than there is patience."""
        with self._lock:
            if self._reading is None or not self._reading.is_alive():
                self._reading = _Reading(self._engine, self._stale_after)
                self._reading.start()
            under_way = self._reading
        under_way.join(self._patience_s)
        if under_way.is_alive():
            log.warning("metrics_incomplete", reason="the database does not answer")
        return under_way


class _Reading(Thread):
    """Reads once, in a thread of its own: a database that hangs keeps nobody else waiting."""

    def __init__(self, engine: Engine, stale_after: timedelta) -> None:
        super().__init__(name="metrics", daemon=True)
        self._engine = engine
        self._stale_after = stale_after
        self.fleet: dict[Key, float] = {}
        self.standing: Standing | None = None

    def run(self) -> None:
        """Read."""
        now = utc_now()
        try:
            with reading(self._engine) as session:
                self.fleet = find_figures(session)
                self.standing = find_standing(
                    session, now=now, stale_before=now - self._stale_after
                )
        except (SQLAlchemyError, DatabaseNotMigrated) as error:
            log.warning("metrics_incomplete", reason=first_line(error))


def _gauges(standing: Standing) -> Iterator[Metric]:
    for field, name, help_ in _GAUGES:
        value = getattr(standing, field)
        seconds_or_number = value.timestamp() if isinstance(value, datetime) else value
        # Without a value it has no sample: there is no such instant.
        yield GaugeMetricFamily(f"aggregator_{name}", help_, seconds_or_number)

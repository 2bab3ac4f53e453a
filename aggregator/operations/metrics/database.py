"""What the database knows, asked for when Prometheus asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.database_errors import DATABASE_ERRORS, first_line
from aggregator.operations.metrics.fleet import fleet_metrics
from aggregator.services.health.brief_reading import brief_reading
from aggregator.services.pace import find_rate
from aggregator.services.poller_figures import Key, find_figures
from aggregator.services.rates import Limits
from aggregator.services.standing import Standing, find_standing
from aggregator.settings import Settings
from aggregator.single_flight import SingleFlight

log = structlog.get_logger(__name__)

#: How products and pollers stand, what all pollers counted, and the pace that holds them back.
_Known = tuple[Standing, dict[Key, float], float | None]

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

    :param settings: whose offers service, and whose notion of overdue.
    :param within_s: how long a scrape waits for the database.
    """

    def __init__(self, engine: Engine, settings: Settings, *, within_s: float = 4.0) -> None:
        self._engine = engine
        self._stale_after = timedelta(seconds=settings.stale_after_s)
        self._base_url = settings.offers_base_url or ""
        self._limits = Limits.from_settings(settings)
        self._reading = SingleFlight(self._read, within_s=within_s)

    def collect(self) -> Iterator[Metric]:
        """Yield each metric with its samples."""
        known = self._known()
        yield GaugeMetricFamily(
            "aggregator_database_up", "Whether the database answers.", float(known is not None)
        )
        if known:
            standing, totals, per_s = known
            yield from _gauges(standing)
            yield from fleet_metrics(totals)
            yield GaugeMetricFamily(
                "aggregator_offers_service_pace",
                "Requests per second that pollers together may send, where anything limits them.",
                per_s,
            )

    def _known(self) -> _Known | None:
        """Return what the database knows; None where it cannot be read, or not in time."""
        try:
            return self._reading.result()
        except TimeoutError:
            log.warning("metrics_incomplete", reason="the database does not answer")
        return None

    def _read(self) -> _Known | None:
        now = utc_now()
        try:
            with brief_reading(self._engine) as session:
                standing = find_standing(session, now=now, stale_before=now - self._stale_after)
                per_s = find_rate(session, self._base_url, self._limits, now=now)
                return standing, find_figures(session), per_s
        except DATABASE_ERRORS as error:
            log.warning("metrics_incomplete", reason=first_line(error))
        return None


def _gauges(standing: Standing) -> Iterator[Metric]:
    for field, name, help_ in _GAUGES:
        value = getattr(standing, field)
        seconds_or_number = value.timestamp() if isinstance(value, datetime) else value
        # Without a value it has no sample: there is no such instant.
        yield GaugeMetricFamily(f"aggregator_{name}", help_, seconds_or_number)

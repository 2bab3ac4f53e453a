"""What a poller counts, and where Prometheus reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from aggregator.errors import AggregatorError
from aggregator.metric_families import (
    CLAIM_LAG,
    CLAIMED,
    FAMILIES,
    POLLS,
    ROWS_WRITTEN,
    UPSTREAM,
    Family,
)
from aggregator.offers_errors import (
    AccessTokenUnavailable,
    OffersServiceUnavailable,
    OffersServiceUnreachable,
    TooManyRequests,
)
from aggregator.services.claims import Claim
from aggregator.services.outcomes import Stored
from aggregator.services.poller_figures import Key
from aggregator.services.polls import Outcome

#: The narrower class first.
_ERRORS: tuple[tuple[type[Exception], str], ...] = (
    (AccessTokenUnavailable, "no_token"),
    (OffersServiceUnreachable, "unreachable"),
    (TooManyRequests, "throttled"),
    (OffersServiceUnavailable, "unavailable"),
)
_OUTCOMES = (
    "answered",
    "deferred",
    "failed",
    "forgotten",
    "lost",
    "refused",
    *(name for _, name in _ERRORS),
)

_TABLES = ("polls", "price_detail", "price_points")

# When each counter began is of no use, and would double what is told.
disable_created_metrics()


class PortUnavailable(AggregatorError):
    """The poller cannot listen on ``METRICS_PORT``."""

    def __init__(self, port: int, error: OSError) -> None:
        super().__init__(f"METRICS_PORT {port} cannot be listened on: {error.strerror}")


class PollerMetrics:
    """What one poller counts. Thread-safe."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.offers_service_up = Gauge(
            "aggregator_offers_service_up",
            "0 while the poller takes the offers service as a whole to be down.",
            registry=self.registry,
        )
        self._polls = self._counter(POLLS)
        self._claimed = self._counter(CLAIMED)
        self._claim_lag = self._histogram(CLAIM_LAG)
        self._upstream = self._histogram(UPSTREAM)
        self._rows_written = self._counter(ROWS_WRITTEN)
        # From the beginning, or nobody would see the first of a kind.
        for outcome in _OUTCOMES:
            self._polls.labels(outcome)
        for table in _TABLES:
            self._rows_written.labels(table)

    def called_upstream(self, operation: str, seconds: float) -> None:
        """Note a request to the offers service."""
        self._upstream.labels(operation).observe(seconds)

    def claimed(self, claims: Sequence[Claim]) -> None:
        """Note products that were claimed because they were due."""
        self._claimed.inc(len(claims))
        for claim in claims:
            self._claim_lag.observe(claim.lag_s)

    def stored(self, outcomes: Sequence[Outcome], stored: Stored) -> None:
        """Note what came of attempts."""
        self._rows_written.labels("polls").inc(stored.polled)
        self._rows_written.labels("price_points").inc(stored.points)
        for outcome in outcomes:
            lost = outcome.claim.product_id in stored.lost
            self._polls.labels("lost" if lost else outcome_name(outcome)).inc()

    def sealed(self, n_hours: int) -> None:
        """Note hours of history that were sealed."""
        self._rows_written.labels("price_detail").inc(n_hours)

    def totals(self) -> dict[Key, float]:
        """Return the present values of all that pollers count together."""
        names = {family.name.removesuffix("_total") for family in FAMILIES}
        return {
            (sample.name, json.dumps(sample.labels, sort_keys=True)): sample.value
            for metric in self.registry.collect()
            if metric.name in names
            for sample in metric.samples
        }

    def _counter(self, family: Family) -> Counter:
        return Counter(family.name, family.help, family.labels, registry=self.registry)

    def _histogram(self, family: Family) -> Histogram:
        return Histogram(
            family.name,
            family.help,
            family.labels,
            buckets=family.buckets,
            registry=self.registry,
        )


def outcome_name(outcome: Outcome) -> str:
    """Return what kind of outcome it is, in a word."""
    if outcome.error is None:
        return "deferred" if outcome.deferred else "answered"
    if outcome.forgotten:
        return "forgotten"
    if outcome.rejected:
        return "refused"
    names = (name for error, name in _ERRORS if isinstance(outcome.error, error))
    return next(names, "failed")


def serve(metrics: PollerMetrics, port: int) -> None:
    """Tell the figures to whoever asks on a port, in daemon threads, until the process ends.

    :raises PortUnavailable: Somebody else has the port, or it may not be listened on.
    """
    try:
        start_http_server(port, registry=metrics.registry)
    except OSError as error:
        raise PortUnavailable(port, error) from None

"""What pollers count: the names under which pollers, the database and the web server tell it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """A Prometheus metric: a histogram where it has ``buckets``, else a counter."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    """Upper bounds, ascending, without the infinite one."""


POLLS = Family(
    "aggregator_polls_total",
    "Attempts at claimed products, by what came of them.",
    labels=("outcome",),
)
CLAIMED = Family("aggregator_products_claimed_total", "Products that pollers took to poll.")
CLAIM_LAG = Family(
    "aggregator_claim_lag_seconds",
    "How long claimed products had been due.",
    buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0),
)
UPSTREAM = Family(
    "aggregator_upstream_request_duration_seconds",
    "Requests of pollers to the offers service, failed ones included.",
    labels=("operation",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
ROWS_WRITTEN = Family(
    "aggregator_rows_written_total",
    "Rows of history that pollers wrote.",
    labels=("table",),
)

FAMILIES = (POLLS, CLAIMED, CLAIM_LAG, UPSTREAM, ROWS_WRITTEN)

"""Quantiles out of a histogram's buckets, and what is told of operations."""

from __future__ import annotations

from math import inf

import pytest

from aggregator.services.health.latency import Buckets, find_latencies, quantile
from poller.metrics import PollerMetrics

BUCKETS: Buckets = [(0.1, 0.0), (0.2, 10.0), (0.4, 10.0), (0.8, 20.0), (inf, 20.0)]


@pytest.mark.parametrize(
    ("share", "seconds"), [(0.25, 0.15), (0.5, 0.2), (0.75, 0.6), (1.0, 0.8), (0.05, 0.11)]
)
def test_requests_are_spread_evenly_within_a_bucket(share: float, seconds: float) -> None:
    assert quantile(BUCKETS, share) == pytest.approx(seconds)


def test_what_lies_beyond_the_last_bucket_is_not_known() -> None:
    assert quantile([(1.0, 1.0), (inf, 4.0)], 0.5) == inf


def test_operations_that_were_called_are_told() -> None:
    metrics = PollerMetrics()
    metrics.called_upstream("register", 0.07)
    metrics.called_upstream("fetch_offers", 0.07)
    found = find_latencies(metrics.totals())
    assert [(latency.operation, latency.requests) for latency in found] == [
        ("fetch_offers", 1),
        ("register", 1),
    ]
    assert find_latencies({}) == []

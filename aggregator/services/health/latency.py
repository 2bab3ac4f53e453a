"""How long the offers service takes to answer, as all pollers counted it. Pure: no I/O."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from aggregator.metric_families import UPSTREAM
from aggregator.services.poller_figures import Key

_BUCKET = f"{UPSTREAM.name}_bucket"

#: Upper bound, and how many requests took at most that long; ascending.
Buckets = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Latency:
    """How long requests of one kind took, in seconds."""

    operation: str
    requests: int
    """How many there were since the database was made, failed ones included."""
    p50: float
    """Half took at most that long; infinite where that is beyond the last bucket."""
    p95: float


def find_latencies(totals: Mapping[Key, float]) -> list[Latency]:
    """Return the latency of each operation that was called, by name.

    :param totals: what all pollers counted.
    """
    buckets: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (name, labels), value in totals.items():
        if name == _BUCKET:
            read = json.loads(labels)
            buckets[read["operation"]].append((float(read["le"]), value))
    return [
        _latency(operation, sorted(found))
        for operation, found in sorted(buckets.items())
        if max(found)[1] > 0
    ]


def quantile(buckets: Buckets, share: float) -> float:
    """Return the seconds within which a share of the requests was answered.

    Within a bucket they are taken to be spread evenly, as Prometheus does.
    """
    wanted = share * buckets[-1][1]
    for (low, below), (high, within) in pairwise([(0.0, 0.0), *buckets]):
        if within >= wanted and within > below:
            return low + (high - low) * (wanted - below) / (within - below) if high < inf else inf
    return inf


def _latency(operation: str, buckets: Buckets) -> Latency:
    n_requests = int(buckets[-1][1])
    return Latency(operation, n_requests, quantile(buckets, 0.5), quantile(buckets, 0.95))

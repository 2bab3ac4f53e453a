"""What all pollers counted together, as metrics."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from prometheus_client import Metric

from aggregator.metric_families import FAMILIES, Family
from aggregator.services.poller_figures import Key


def fleet_metrics(totals: Mapping[Key, float]) -> Iterable[Metric]:
    """Return the pollers' metrics, made of the totals in the database.

    What only pollers of another version count, or in other buckets, is left out.
    """
    return [_metric(family, totals) for family in FAMILIES]


def _metric(family: Family, totals: Mapping[Key, float]) -> Metric:
    kind = "histogram" if family.buckets else "counter"
    metric = Metric(family.name.removesuffix("_total"), family.help, kind)
    ends = ("_bucket", "_sum", "_count") if family.buckets else ("",)
    names = {family.name + end for end in ends}
    bounds = {*family.buckets, float("inf")}
    samples = [
        (name, json.loads(labels), value)
        for (name, labels), value in totals.items()
        if name in names
    ]
    for name, labels, value in sorted(samples, key=_order):
        if "le" not in labels or float(labels["le"]) in bounds:
            metric.add_sample(name, labels, value)
    return metric


def _order(sample: tuple[str, dict[str, str], float]) -> tuple[list[str], str, float]:
    """Return what the format orders samples by: buckets from the lowest up."""
    name, labels, _ = sample
    others = [value for label, value in sorted(labels.items()) if label != "le"]
    return others, name, float(labels.get("le", "inf"))

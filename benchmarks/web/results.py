"""What a run found, as it is written down."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """A figure of several rounds."""

    median: float
    min: float
    max: float


class ServerFigures(msgspec.Struct, frozen=True):
    """What one server made of one kind of request."""

    per_s: Spread
    cpu_us: Spread
    """Processor time of its workers for each request."""
    p50_ms: Spread
    p95_ms: Spread
    p99_ms: Spread


class ReadRow(msgspec.Struct, frozen=True):
    """One kind of request, by server."""

    request: str
    servers: dict[str, ServerFigures]
    ratios: dict[str, float]
    """Requests a second of ours with one worker, as multiples of each baseline's."""
    targets: dict[str, float]
    """How large they should be at least."""
    met: bool | None
    """Whether they are; None where a baseline was not there."""


class OtherRow(msgspec.Struct, frozen=True):
    """Anything else that was measured."""

    what: str
    measured: str
    """For people; the figures themselves are in ``figures``."""
    target: str
    met: bool | None
    """None where there is no target."""
    figures: dict[str, Any]


class Results(msgspec.Struct, frozen=True):
    """A whole run."""

    circumstances: dict[str, Any]
    reads: list[ReadRow]
    others: list[OtherRow]


def spread(values: Sequence[float]) -> Spread:
    """Return the median of some figures, and between which they lie."""
    return Spread(*(round(figure, 2) for figure in (median(values), min(values), max(values))))

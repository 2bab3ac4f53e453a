"""Where the figures of a period come from: sealed hours where they fit, detail at the edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from aggregator.history.bars import MS_PER_HOUR


class Piece(NamedTuple):
    """A part of one bucket."""

    start: int
    end: int
    bucket: int
    """Its place among the buckets."""
    hourly: bool
    """Whether it consists of whole sealed hours."""


def floor_hour(instant: int) -> int:
    """Return the start of the UTC hour that an instant lies in."""
    return instant - instant % MS_PER_HOUR


def ceil_hour(instant: int) -> int:
    """Return the first start of a UTC hour at or after an instant."""
    return instant + -instant % MS_PER_HOUR


def plan_pieces(boundaries: Sequence[int], sealed_until: int) -> Iterator[Piece]:
    """Yield the pieces of a series of buckets, in order and without a hole.

    :param boundaries: of the buckets, in order.
    :param sealed_until: start of the first hour that is not sealed.
    """
    for bucket, (start, end) in enumerate(pairwise(boundaries)):
        first = ceil_hour(start)
        behind = min(floor_hour(end), sealed_until)
        if first >= behind:
            yield Piece(start, end, bucket, hourly=False)
            continue
        if start < first:
            yield Piece(start, first, bucket, hourly=False)
        yield Piece(first, behind, bucket, hourly=True)
        if behind < end:
            yield Piece(behind, end, bucket, hourly=False)

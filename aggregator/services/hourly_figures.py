"""What sealed hours tell of a step function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from aggregator.history.bars import Bar
from aggregator.history.landmarks import Landmarks


class HourlyFigures(NamedTuple):
    """One step function over ranges of whole hours."""

    bars: Sequence[list[Bar]]
    """The bars of each range, in order.

    Hours that have no rows leave holes between them: there the price stays what it was, and
    nothing is known.
    """
    landmarks: Landmarks
    """Over all hours that have rows, from the first range to the last."""

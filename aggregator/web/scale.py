"""Where instants and values stand in a drawing."""

from __future__ import annotations

from typing import NamedTuple

from aggregator.history.rounding import Exact


class Scale(NamedTuple):
    """A drawing's measures: its coordinates have one decimal, and grow to the right and down."""

    start: int
    """The instant at the left."""
    end: int
    """The one at the right."""
    low: Exact
    """The value at the bottom."""
    high: Exact
    """The one at the top. Where both are the same, it stands half-way up."""
    width: int
    height: int
    margin: int
    """Above the highest value, and below the lowest."""

    def x(self, at: int) -> float:
        """Return where an instant stands."""
        return round(self.width * (at - self.start) / (self.end - self.start), 1)

    def y(self, value: Exact) -> float:
        """Return where a value stands."""
        share = (self.high - value) / (self.high - self.low) if self.high > self.low else 0.5
        return round(self.margin + float(share) * (self.height - 2 * self.margin), 1)

"""Sparklines: a series as one line of text."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.cli.figures import price
from aggregator.history.bars import Bar, combine_bars

BLOCKS = "▁▂▃▄▅▆▇█"
FLAT, SOLD_OUT, UNKNOWN = "▄", "·", " "


def draw_sparkline(bars: Sequence[Bar], low: int | float, high: int | float, *, width: int) -> str:
    """Return the average of each bar as a block between the lowest and the highest price.

    These two stand at its ends. Where nothing is known there is a gap, and where there was no
    price a dot.

    :param bars: neighbours, in order.
    :param width: how many characters there is room for. Where there are more bars than fit,
        neighbours share a block.
    """
    left, right = f"{price(low)} ", f" {price(high)}"
    fitting = _fit(bars, max(width - len(left + right), 1))
    return f"{left}{''.join(_draw(bar, low, high) for bar in fitting)}{right}"


def _fit(bars: Sequence[Bar], most: int) -> Sequence[Bar]:
    """Return at most so many bars: each unites as many as any other, give or take one."""
    n = len(bars)
    if n <= most:
        return bars
    return [combine_bars(bars[i * n // most : (i + 1) * n // most]) for i in range(most)]


def _draw(bar: Bar, low: int | float, high: int | float) -> str:
    if bar.average is None:
        return SOLD_OUT if bar.known_ms else UNKNOWN
    if low == high:
        return FLAT
    height = int((bar.average - low) / (high - low) * len(BLOCKS))
    # The highest price belongs to the last block.
    return BLOCKS[min(height, len(BLOCKS) - 1)]

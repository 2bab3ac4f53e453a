"""A small line for a table: a step function as paths of SVG."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from aggregator.history.bars import Steps
from aggregator.web.scale import Scale

WIDTH, HEIGHT = 120, 32
#: Room for the line's own breadth, and for the dot at its end.
_MARGIN = 4

#: Start, end and value.
_Span = tuple[int, int, int | float]


class Sparkline(NamedTuple):
    """A small drawing of ``WIDTH`` by ``HEIGHT``, and what it shows in short."""

    line: str
    """The ``d`` of a path: level while a value holds, upright where it changes, and not there
    where there is no value."""
    dot: str
    """The ``d`` of a path of no length, where the line ends now; empty where it ended before."""
    first: int | float
    last: int | float


def draw_sparkline(steps: Steps, start: int, end: int) -> Sparkline | None:
    """Return a step function's drawing; None where it has no value at all.

    The lowest value is at the bottom and the highest at the top; one that never changes is
    half-way up.

    :param start: the instant at the left.
    :param end: the instant at the right, behind it.
    """
    spans = _spans(steps, end)
    if not spans:
        return None
    values = [value for _, _, value in spans]
    scale = Scale(
        start, end, min(values), max(values), width=WIDTH - _MARGIN, height=HEIGHT, margin=_MARGIN
    )
    line, reached = "", None
    for begin, until, value in spans:
        line += f"V{scale.y(value):g}" if begin == reached else _move(scale, begin, value)
        line += f"H{scale.x(until):g}"
        reached = until
    dot = f"{_move(scale, end, values[-1])}h0" if reached == end else ""
    return Sparkline(line, dot, values[0], values[-1])


def _spans(steps: Steps, end: int) -> list[_Span]:
    """Return when each value held, as long as it did, until ``end``."""
    spans: list[_Span] = []
    held_until = pairwise([*(min(at, end) for at in steps.times), end])
    for (begin, until), value in zip(held_until, steps.values, strict=True):
        if value is None or begin == until:
            continue
        goes_on = bool(spans) and spans[-1][1:] == (begin, value)
        spans.append((spans.pop()[0] if goes_on else begin, until, value))
    return spans


def _move(scale: Scale, at: int, value: float) -> str:
    return f"M{scale.x(at):g} {scale.y(value):g}"

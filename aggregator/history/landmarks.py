"""Landmarks: the remarkable prices of a stretch of time, and where they stand."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from aggregator.history.bars import Bar, Steps


class Mark(NamedTuple):
    """A price, an instant, and the offer it belongs to where there is just one."""

    at: int
    value: int | float
    offer_id: UUID | None = None


class Landmarks(NamedTuple):
    """The remarkable prices over ``[start, end)``, known or not: None where there is no price."""

    first: Mark | None
    """The first instant with a price."""
    last: Mark | None
    """The end of the last stretch with a price, and the price just before it."""
    low: Mark | None
    """The first instant of the lowest price."""
    high: Mark | None
    """The first instant of the highest price."""


NO_LANDMARKS = Landmarks(None, None, None, None)


def find_landmarks(steps: Steps, start: int, end: int) -> Landmarks:
    """Return the landmarks over ``[start, end)`` of a function that begins at or before it."""
    times, values = steps
    first = bisect_right(times, start) - 1
    behind = bisect_left(times, end, first)
    instants = [start, *times[first + 1 : behind], end]
    priced = [
        (at, until, value)
        for (at, until), value in zip(pairwise(instants), values[first:behind], strict=True)
        if value is not None
    ]
    if not priced:
        return NO_LANDMARKS
    low = min(priced, key=lambda step: step[2])
    high = max(priced, key=lambda step: step[2])
    return Landmarks(
        Mark(priced[0][0], priced[0][2]),
        Mark(priced[-1][1], priced[-1][2]),
        Mark(low[0], low[2]),
        Mark(high[0], high[2]),
    )


def point_landmarks(mark: Mark | None) -> Landmarks:
    """Return the landmarks of a single instant."""
    return Landmarks(mark, mark, mark, mark)


def edge_landmarks(bars: Sequence[Bar]) -> Landmarks:
    """Return what neighbouring bars tell of the landmarks: prices at their very starts and ends."""
    first = next((Mark(bar.start, bar.open) for bar in bars if bar.open is not None), None)
    last = next((Mark(bar.end, bar.close) for bar in reversed(bars) if bar.close is not None), None)
    return Landmarks(first, last, None, None)


def join_landmarks(parts: Iterable[Landmarks]) -> Landmarks:
    """Return the landmarks of several stretches together, which may come in any order."""
    firsts, lasts, lows, highs = (
        [mark for mark in marks if mark is not None]
        for marks in zip(NO_LANDMARKS, *parts, strict=True)
    )
    return Landmarks(
        min(firsts, key=lambda mark: (mark.at, mark.offer_id is None), default=None),
        max(lasts, key=lambda mark: (mark.at, mark.offer_id is not None), default=None),
        min(lows, key=lambda mark: (mark.value, mark.at, mark.offer_id is None), default=None),
        min(highs, key=lambda mark: (-mark.value, mark.at, mark.offer_id is None), default=None),
    )

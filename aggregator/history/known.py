"""When we knew: K of the definition, a function of the polls that succeeded."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from aggregator.history.bars import Steps, Stretches, Value, clip


class Gap(NamedTuple):
    """A stretch between two polls in which the first of them had become stale."""

    started_at: int
    ended_at: int


def known_stretches(
    first_poll: int, last_poll: int, gaps: Iterable[Gap], *, stale_after: int
) -> Stretches:
    """Return when we knew, from the first successful poll until the last one grows stale.

    :param gaps: between the two, in order.
    :param stale_after: milliseconds after which a poll is stale.
    """
    return list(_between(first_poll, last_poll + stale_after, gaps))


def is_known(known: Stretches, instant: int) -> bool:
    """Tell whether we knew at an instant."""
    return bool(clip(known, instant, instant + 1))


def known_steps(steps: Steps, known: Stretches) -> Steps:
    """Return a step function that is None also wherever we did not know."""
    times: list[int] = []
    values: list[Value] = []
    for start, end in known:
        first, behind = bisect_right(steps.times, start), bisect_left(steps.times, end)
        opening = steps.values[first - 1] if first else None
        times += [start, *steps.times[first:behind], end]
        values += [opening, *steps.values[first:behind], None]
    return Steps(times, values)


def _between(start: int, end: int, gaps: Iterable[Gap]) -> Iterator[tuple[int, int]]:
    for gap in gaps:
        yield start, gap.started_at
        start = gap.ended_at
    yield start, end

"""Pollers that live one after another, each with a clock of its own."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from aggregator.clock import to_ms
from tests.e2e.processes import Process


class Life(NamedTuple):
    """One poller, from the moment it began to work. Instants are milliseconds since 1970."""

    began_at: int
    """By the true clock."""
    began_at_its: int
    """By its own clock."""

    @classmethod
    def of(cls, poller: Process, behind: timedelta = timedelta(0)) -> Self:
        """Return the life of a poller that has told of its start.

        :param behind: how far its clock is behind.
        """
        said = next(line for line in poller.said().splitlines() if "poller_started" in line)
        began_at = datetime.fromisoformat(json.loads(said)["timestamp"])
        return cls(to_ms(began_at), to_ms(began_at - behind))


def true_instant(instant: int, lives: Sequence[Life]) -> int:
    """Return by the true clock what the poller that lived at an instant called so.

    :param lives: in order; none where all clocks are right.
    """
    if not lives:
        return instant
    life = lives[bisect_right(lives, instant, key=lambda life: life.began_at_its) - 1]
    return instant - life.began_at_its + life.began_at

"""A check: one thing that was looked at, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Verdict(StrEnum):
    """How a thing is."""

    OK = "ok"
    SKIPPED = "skipped"
    """It could not be looked at, for a reason that another check tells."""
    WARNING = "warning"
    """It works, or does not have to; a person should look."""
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Check:
    """What came of looking at one thing."""

    name: str
    verdict: Verdict
    detail: str
    """The reason, in a sentence or two."""
    remedy: str | None = None
    """A command to type, or what else to do; None where nothing is wrong."""


def worst(checks: Iterable[Check]) -> Verdict:
    """Return the worst verdict; ``ok`` where there is none."""
    return max((check.verdict for check in checks), key=list(Verdict).index, default=Verdict.OK)


def not_known(names: Iterable[str], until: str) -> list[Check]:
    """Return a check for each name that could not be made.

    :param until: what has to be so before it can.
    """
    return [Check(name, Verdict.SKIPPED, f"Not known until {until}.") for name in names]


def in_words(age: timedelta) -> str:
    """Return a length of time in the unit that suits it, such as ``8 s`` or ``2 days``."""
    seconds = max(round(age.total_seconds()), 0)
    for unit, unit_s in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * unit_s:
            return f"{seconds // unit_s} {unit}"
    return f"{seconds} s"


def count(n: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 product`` or ``1,200 products``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"

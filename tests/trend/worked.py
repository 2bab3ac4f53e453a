"""What a worked example of the definition consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.trend.answer import EPOCH, Question, text
from tests.trend.reference import History, Offers

HOUR = 3_600_000
FIVE_MINUTES = 300_000
#: So long that polls "succeed continuously" although they are few.
WEEK = 7 * 24 * HOUR
DATE = "2026-03-01"
A, B, C, D = (UUID(int=n) for n in (0xA, 0xB, 0xC, 0xD))
SOLD_OUT: Offers = {A: (99, 0)}
NO_ENDPOINT = dict.fromkeys(("value", "at", "observed_at", "method", "stale", "offer_id"))
NO_EXTREME = dict.fromkeys(("value", "at", "offer_id"))


@dataclass(frozen=True)
class Example:
    """A history, a question about it, and what the definition says of the answer."""

    polls: Mapping[int, Offers] | Mapping[float, Offers]
    """By the hour of the date."""
    query: Mapping[str, str]
    expected: Mapping[str, Any]
    """Parts of the answer: of an object only the keys that matter."""
    offer_id: UUID | None = None
    date: str = DATE
    stale_after: int = WEEK

    @property
    def history(self) -> History:
        """Return the history as the reference takes it."""
        polls = [(to_ms(clock(hour, self.date)), offers) for hour, offers in self.polls.items()]
        polls.sort(key=lambda poll: poll[0])
        # After one more poll, two days later, every hour that matters can be sealed.
        at, offers = polls[-1]
        return History((*polls, (at + 48 * HOUR, offers)), self.stale_after)

    @property
    def question(self) -> Question:
        """Return the question as the reference takes it."""
        options: dict[str, Any] = dict(self.query)
        tz = options.get("tz", "UTC")
        start, end = (to_ms(options.pop(name), tz) for name in ("from", "to"))
        return Question(start=start, end=end, offer_id=self.offer_id, **options)


def to_ms(written: str, tz: str = "UTC") -> int:
    """Read an instant; one without an offset is local."""
    read = datetime.fromisoformat(written)
    aware = read if read.tzinfo else read.replace(tzinfo=ZoneInfo(tz))
    return (aware - EPOCH) // timedelta(milliseconds=1)


def clock(hour: float, date: str = DATE) -> str:
    """Write the instant so many hours after a date began in UTC."""
    return text(to_ms(date) + round(hour * HOUR))


def market(**prices: int) -> Offers:
    """Return offers that are in stock."""
    return {UUID(int=int(name, 16)): (price, 9) for name, price in prices.items()}


def hours(start: float, end: float, **options: str) -> dict[str, str]:
    """Ask about a period given in hours of the date."""
    return {"from": clock(start), "to": clock(end), **options}


def change(absolute: int, percent: float | None, direction: str) -> dict[str, Any]:
    """Expect a change, without a percentage where it began at zero."""
    reason = "zero_baseline" if percent is None else None
    return {"absolute": absolute, "percent": percent, "direction": direction, "reason": reason}


def no_change(reason: str) -> dict[str, Any]:
    """Expect that there is no change to speak of."""
    return {"absolute": None, "percent": None, "direction": None, "reason": reason}


def part_of(answer: Any, expected: Any) -> Any:
    """Return what an answer says where something is expected of it."""
    if isinstance(expected, Mapping):
        return {name: part_of(answer[name], value) for name, value in expected.items()}
    if isinstance(expected, list):
        return [part_of(*pair) for pair in zip(answer, expected, strict=True)]
    return answer

"""How fast pollers may ask, and whose slot is when. Pure: no I/O, no clock.

Virtual scheduling (GCRA): one instant tells up to when all time is given away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from aggregator.environment import SLOWEST_PER_S
from aggregator.settings import Settings

#: Nobody takes a slot that begins later than this, nor, at a usual pace, one that lasts longer.
HORIZON = timedelta(seconds=1)
#: A service that asks for more time than this is asked again after it.
LONGEST_WAIT = timedelta(seconds=60)
#: Where the service says "later" but not when.
_USUAL_WAIT_S = 1.0
#: From here on an agreed pace holds nobody back.
_FASTEST_PER_S = 10_000.0
#: Requests whose slot was given away before the pace was slowed are still sent for so long.
#: That the service refuses them, too, says nothing new.
_ONE_SLOWING = 2 * HORIZON
#: Nothing is put further ahead: what is lies in the future of a clock that was turned back.
_FURTHEST = HORIZON + LONGEST_WAIT
#: A backlog shall be done within this share of an interval.
_CATCH_UP_SHARE = 0.8
#: The pace for a small one.
_CATCH_UP_PER_S = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds in every process alike."""

    max_per_s: float | None
    """Requests per second that the operator allows; None: any number."""
    interval: timedelta
    """How often each product is polled, and so how fast a pace that was agreed upon doubles."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the limits that an operator set."""
        return cls(settings.poll_max_per_s, timedelta(seconds=settings.poll_interval_s))


@dataclass(frozen=True, slots=True)
class Pace:
    """The columns of ``offers_service_pace``, without its key and in its order."""

    next_at: datetime
    per_s: float | None = None
    slowed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A poller's time: its requests begin at ``starts_at``, one each ``spacing_s``."""

    starts_at: datetime
    spacing_s: float
    """Seconds; 0 where nothing limits."""


def rate_at(pace: Pace, limits: Limits, now: datetime) -> float | None:
    """Return how many requests per second all pollers may send now; None: any number."""
    rates = [rate for rate in (limits.max_per_s, _agreed(pace, limits, now)) if rate is not None]
    return min(rates, default=None)


def _agreed(pace: Pace, limits: Limits, now: datetime) -> float | None:
    """Return the pace agreed upon, as it has recovered since; None where nothing is left of it."""
    if pace.per_s is None or pace.slowed_at is None or pace.slowed_at > now + _FURTHEST:
        return None
    intervals = max((now - pace.slowed_at) / limits.interval, 0.0)
    recovered = pace.per_s * 2.0 ** min(intervals, 100.0)
    return recovered if recovered < _FASTEST_PER_S else None


def starts_at(pace: Pace, now: datetime) -> datetime:
    """Return when the next request may be sent."""
    return pace.next_at if now < pace.next_at <= now + _FURTHEST else now


def allowance(pace: Pace, limits: Limits, wanted: int, *, now: datetime) -> int:
    """Return for how many requests a poller may take a slot now; 0: it must wait.

    One slot fits into the horizon, but any poller whose slot may begin may send one request.
    """
    room = now + HORIZON - starts_at(pace, now)
    if room < timedelta(0):
        return 0
    rate = rate_at(pace, limits, now)
    if rate is None:
        return wanted
    return min(max(int(room.total_seconds() * rate), 1), wanted)


def take(pace: Pace, limits: Limits, n_requests: int, *, now: datetime) -> tuple[Pace, Slot]:
    """Return the pace after a slot was taken, and the slot."""
    rate, start = rate_at(pace, limits, now), starts_at(pace, now)
    if rate is None:
        return pace, Slot(start, 0.0)
    after = start + timedelta(seconds=n_requests / rate)
    return replace(pace, next_at=after), Slot(start, 1.0 / rate)


def wait_after(retry_after_s: float | None) -> timedelta:
    """Return how long to leave a service alone that was asked too much.

    :param retry_after_s: how long it asked for; None: it did not say.
    """
    wait_s = _USUAL_WAIT_S if retry_after_s is None else retry_after_s
    return min(timedelta(seconds=wait_s), LONGEST_WAIT)


def slow_down(
    pace: Pace, limits: Limits, *, now: datetime, asked_per_s: float, wait: timedelta
) -> Pace:
    """Return the pace after the service refused a request because there were too many.

    It is halved once, however many requests of one slot are refused.

    :param asked_per_s: how many requests per second all pollers sent lately.
    :param wait: how long to leave it alone.
    """
    waiting = replace(pace, next_at=max(starts_at(pace, now), now + wait))
    if pace.slowed_at is not None and now - _ONE_SLOWING < pace.slowed_at <= now + _FURTHEST:
        return waiting
    rate = rate_at(pace, limits, now)
    halved = min(asked_per_s, rate or asked_per_s) / 2
    return replace(waiting, per_s=max(halved, SLOWEST_PER_S), slowed_at=now)


def catch_up(pace: Pace, limits: Limits, n_products: int, *, now: datetime) -> Pace:
    """Return the pace at which pollers catch up with products that became due all at once.

    The backlog is done within an interval. A lower pace that holds already stays.
    """
    wanted = n_products / (_CATCH_UP_SHARE * limits.interval.total_seconds())
    per_s = max(wanted, _CATCH_UP_PER_S)
    rate = rate_at(pace, limits, now)
    if rate is not None and rate <= per_s:
        return pace
    return replace(pace, per_s=per_s, slowed_at=now)

"""The trend computed the slow, obvious way, in the words and the order of its definition.

The product is tested against it, so it shares no code with the product. Prices are fractions:
nothing is rounded before the output. Instants are whole milliseconds since 1970 UTC, and polls
happen at such instants only, so what holds just before an instant holds a millisecond before.
"""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Self
from uuid import UUID

DAY = 86_400_000

#: What one poll saw: price and items in stock by the offer's id.
Offers = Mapping[UUID, tuple[int, int]]

#: All three are exact on fractions.
AGGREGATES: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "best": min,
    "mean": statistics.mean,
    "median": statistics.median,
}


@dataclass(frozen=True)
class History:
    """The successful polls of a product, oldest first; failed ones leave nothing."""

    polls: tuple[tuple[int, Offers], ...]
    stale_after: int
    """Milliseconds."""

    def last_poll(self, at: int) -> tuple[int, Offers] | None:
        """Return the last successful poll at or before an instant."""
        n = bisect_right(self.polls, at, key=lambda poll: poll[0])
        return self.polls[n - 1] if n else None

    def offers(self, at: int) -> Offers:
        """Return what the last successful poll saw; nothing where there was none."""
        poll = self.last_poll(at)
        return poll[1] if poll else {}

    def known(self, at: int) -> bool:
        """Return K: whether the last successful poll is younger than the limit."""
        poll = self.last_poll(at)
        return poll is not None and at - poll[0] < self.stale_after

    def polled_in(self, start: int, end: int) -> Iterator[int]:
        """Yield the instants of polls after the start and until the end, which is included."""
        return (at for at, _ in self.polls if start < at <= end)

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Cut a half-open stretch wherever S or K can change."""
        cuts = {
            at for polled_at, _ in self.polls for at in (polled_at, polled_at + self.stale_after)
        }
        return pairwise(sorted({start, end, *(at for at in cuts if start < at < end)}))


@dataclass(frozen=True)
class Line:
    """What a trend follows: an aggregate of a product's offers, or one of them."""

    history: History
    aggregate: str = "best"
    offer_id: UUID | None = None

    def buyable(self, at: int) -> dict[UUID, int]:
        """Return the prices of the offers in stock."""
        return {
            id_: price
            for id_, (price, stock) in self.history.offers(at).items()
            if stock > 0 and self.offer_id in (None, id_)
        }

    def price(self, at: int) -> Fraction | None:
        """Return S; None where it is ``sold_out`` or ``never_observed``."""
        prices = [Fraction(price) for price in self.buyable(at).values()]
        return AGGREGATES[self.aggregate](prices) if prices else None

    def offer_at(self, at: int) -> UUID | None:
        """Return the offer whose price S is: of several the one with the smallest id."""
        if self.aggregate != "best":
            return None
        return min(self.buyable(at).items(), key=lambda offer: (offer[1], offer[0]))[0]


@dataclass(frozen=True)
class Endpoint:
    """Where the change is measured from, or to."""

    at: int
    holds_at: int
    """The instant whose state counts: the millisecond before where a stretch ends."""
    method: str


def find_start(line: Line, start: int, end: int, *, strict: bool) -> Endpoint | None:
    """Return the start itself, or else the first priced instant after it."""
    if line.price(start) is not None:
        return Endpoint(start, start, "at_start")
    priced = (at for at in line.history.polled_in(start, end) if line.price(at) is not None)
    at = None if strict else next(priced, None)
    return None if at is None else Endpoint(at, at, "first_in_period")


def find_end(line: Line, start: int, end: int, *, strict: bool) -> Endpoint | None:
    """Return the end itself, or else the end of the last priced stretch before it."""
    if line.price(end) is not None:
        return Endpoint(end, end, "at_end")
    ends_of_stretches = [
        at
        for at in line.history.polled_in(start, end)
        if line.price(at - 1) is not None and line.price(at) is None
    ]
    if strict or not ends_of_stretches:
        return None
    at = ends_of_stretches[-1]
    return Endpoint(at, at - 1, "last_in_period")


def prices_in(line: Line, start: int, end: int) -> list[tuple[Fraction, int]]:
    """Return the prices on a closed stretch, each with the instant from which it holds."""
    instants = [start, *line.history.polled_in(start, end)]
    return [(price, at) for at in instants if (price := line.price(at)) is not None]


@dataclass(frozen=True)
class Level:
    """Integrals over the known part of a half-open stretch. Milliseconds throughout."""

    length: int
    known: int = 0
    priced: int = 0
    """Known and priced."""
    value: Fraction = Fraction(0)
    """The integral of S, as all below over known and priced time."""
    time: Fraction = Fraction(0)
    """The integral of t, counted from the start of the stretch."""
    time_value: Fraction = Fraction(0)
    time_squared: Fraction = Fraction(0)

    @classmethod
    def of(cls, line: Line, start: int, end: int) -> Self:
        """Integrate over a stretch, piece by piece."""
        known = [piece for piece in line.history.pieces(start, end) if line.history.known(piece[0])]
        priced = [
            (Fraction(a - start), Fraction(b - start), price)
            for a, b in known
            if (price := line.price(a)) is not None
        ]
        return cls(
            length=end - start,
            known=sum(b - a for a, b in known),
            priced=sum(int(b - a) for a, b, _ in priced),
            value=sum((price * (b - a) for a, b, price in priced), Fraction(0)),
            time=sum(((b**2 - a**2) / 2 for a, b, _ in priced), Fraction(0)),
            time_value=sum((price * (b**2 - a**2) / 2 for a, b, price in priced), Fraction(0)),
            time_squared=sum(((b**3 - a**3) / 3 for a, b, _ in priced), Fraction(0)),
        )

    @property
    def average(self) -> Fraction | None:
        """The mean of S over known and priced time."""
        return self.value / self.priced if self.priced else None

    @property
    def coverage(self) -> Fraction:
        """The part of the stretch that is known."""
        return Fraction(self.known, self.length)

    @property
    def available(self) -> Fraction | None:
        """The part of the known time in which there was a price."""
        return Fraction(self.priced, self.known) if self.known else None

    @property
    def slope_per_day(self) -> Fraction | None:
        """The least-squares slope: the covariance of t and S by the variance of t."""
        if not self.priced:
            return None
        covariance = self.time_value - self.time * self.value / self.priced
        variance = self.time_squared - self.time**2 / self.priced
        return covariance / variance * DAY


def explain(line: Line, start: Endpoint, end: Endpoint) -> dict[str, int | None]:
    """Return which part of a change is due to offers that left, changed or came."""
    old, new = line.buyable(start.holds_at), line.buyable(end.holds_at)
    both = old.keys() & new.keys()
    if not both:
        replacement = min(new.values()) - min(old.values())
        return {"exit": None, "repricing": None, "entry": None, "replacement": replacement}
    stayed_old, stayed_new = min(old[id_] for id_ in both), min(new[id_] for id_ in both)
    return {
        "exit": stayed_old - min(old.values()),
        "repricing": stayed_new - stayed_old,
        "entry": min(new.values()) - stayed_new,
        "replacement": 0,
    }

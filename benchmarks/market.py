"""A market that never rests: every minute every offer has another price and another stock."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from uuid import UUID

from aggregator.offers_wire import RemoteOffer
from sandbox.current_walk import FACTOR_STEP, FACTORS, FRESH_STOCK, LEVEL_STEP, LEVELS, PACES


@dataclass
class _Lot:
    """One offer while it changes."""

    id: UUID
    factor: float
    """Ratio of its price to the product's level."""
    stock: int
    pace: int
    """Units that it sells in a minute, at most."""


class Market:
    """The offers of one product: they move as the sandbox's do, but all of them always.

    None of them leaves; what is sold out is in stock again at once.
    """

    def __init__(self, seed: str, n_offers: int) -> None:
        self._random = Random(seed)
        self._level = self._random.uniform(*LEVELS)
        self._lots = [self._new_lot() for _ in range(n_offers)]

    def offers(self) -> tuple[RemoteOffer, ...]:
        """Return the offers of this minute."""
        return tuple(
            RemoteOffer(lot.id, round(self._level * lot.factor), lot.stock) for lot in self._lots
        )

    def tick(self) -> None:
        """Move to the next minute."""
        step = self._random.uniform(1 - LEVEL_STEP, 1 + LEVEL_STEP)
        self._level = _clip(self._level * step, LEVELS)
        for lot in self._lots:
            drift = self._random.uniform(-FACTOR_STEP, FACTOR_STEP)
            lot.factor = _clip(lot.factor + drift, FACTORS)
            lot.stock -= self._random.randint(0, lot.pace)
            if lot.stock <= 0:
                lot.stock = self._random.randint(*FRESH_STOCK)

    def _new_lot(self) -> _Lot:
        offer_id = UUID(int=self._random.getrandbits(128))
        factor, pace = self._random.uniform(*FACTORS), self._random.randint(*PACES)
        return _Lot(offer_id, factor, self._random.randint(*FRESH_STOCK), pace)


def _clip(value: float, bounds: tuple[float, float]) -> float:
    low, high = bounds
    return min(max(value, low), high)

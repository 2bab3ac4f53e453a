"""How offers behave in generation 2: one price level a product, sold-out offers disappear."""

import uuid

from sandbox.walk import Lot, Walk

FRESH_STOCK = (23, 931)
PACES = (10, 120)
#: Keeps two offers of one product within 6 %: 1.028 / 0.972 = 1.058.
FACTORS = (0.972, 1.028)
#: Times the extreme factors these stay within 17,000 and 78,000.
LEVELS = (17_500.0, 75_800.0)
LEVEL_STEP = 0.008
FACTOR_STEP = 0.003
#: Share of ticks in which prices move and units sell; the rest change nothing.
PRICES_MOVE = 0.6
UNITS_SELL = 0.7


class CurrentWalk(Walk):
    """The offers of one product in generation 2."""

    fewest = 3
    most = 8
    arrive = 0.06

    def _open(self) -> None:
        self._level = self._random.uniform(*LEVELS)

    def _new_lot(self) -> Lot:
        # 128 random bits, not RFC 4122: version and variant are arbitrary, as upstream.
        offer_id = str(uuid.UUID(int=self._random.getrandbits(128)))
        lot = Lot(offer_id, 0, 0, self._random.uniform(*FACTORS), self._random.randint(*PACES))
        self._refresh(lot)
        return lot

    def _trade(self) -> None:
        if self._random.random() < PRICES_MOVE:
            step = self._random.uniform(1 - LEVEL_STEP, 1 + LEVEL_STEP)
            self._level = _clip(self._level * step, LEVELS)
            for lot in self._listed:
                drift = self._random.uniform(-FACTOR_STEP, FACTOR_STEP)
                lot.factor = _clip(lot.factor + drift, FACTORS)
                lot.price = self._price(lot)
        if self._random.random() < UNITS_SELL:
            for lot in self._listed:
                lot.stock -= self._random.randint(0, lot.pace)

    def _is_over(self, lot: Lot) -> bool:
        return lot.stock <= 0

    def _refresh(self, lot: Lot) -> None:
        if self._is_over(lot):
            lot.stock = self._random.randint(*FRESH_STOCK)
        lot.price = self._price(lot)

    def _price(self, lot: Lot) -> int:
        return round(self._level * lot.factor)


def _clip(value: float, bounds: tuple[float, float]) -> float:
    low, high = bounds
    return min(max(value, low), high)

"""How offers behave in generation 1: prices walk apart, sold-out offers stay listed."""

import hashlib

from sandbox.walk import Lot, Walk

PRICES = (385, 3945)
PRICE_STEP = (0.9, 1.1)
STOCK = (0, 100)
STOCK_STEP = (-25, 10)
#: Ids stay below 2**53, which every JSON reader keeps exactly.
BLOCK_BITS = 40
SERIAL_BITS = 13


class RetiredWalk(Walk):
    """The offers of one product in generation 1.

    Upstream numbers all offers from one counter, which would make ids depend on the order of
    registrations. Here each product has a block of numbers of its own, by hash: two of 10,000
    products share a block with a chance of 0.005 %.
    """

    fewest = 3
    most = 47
    arrive = 0.2

    def __init__(self, seed: str) -> None:
        digest = hashlib.sha256(seed.encode()).digest()
        block = int.from_bytes(digest, "big") >> (256 - BLOCK_BITS)
        self._next_id = (block << SERIAL_BITS) + 1
        super().__init__(seed)

    def _open(self) -> None:
        """Nothing is shared between the offers of a product."""

    def _new_lot(self) -> Lot:
        lot = Lot(self._next_id, self._random.randint(*PRICES), self._random.randint(*STOCK))
        self._next_id += 1
        return lot

    def _trade(self) -> None:
        for lot in self._listed:
            lot.price = _clip(round(lot.price * self._random.uniform(*PRICE_STEP)), PRICES)
            lot.stock = _clip(lot.stock + self._random.randint(*STOCK_STEP), STOCK)

    def _is_over(self, lot: Lot) -> bool:
        return False

    def _refresh(self, lot: Lot) -> None:
        """Generation 1 brings an offer back as it left."""


def _clip(value: int, bounds: tuple[int, int]) -> int:
    low, high = bounds
    return min(max(value, low), high)

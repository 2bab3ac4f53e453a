"""The random walk that one product's offers take, tick by tick."""

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass

from sandbox.offer import Offer

#: Offers that left and may come back, at most; older ones never return.
MOST_AWAY = 20


@dataclass
class Lot:
    """One offer while it changes."""

    id: str | int
    price: int
    stock: int
    #: Ratio of this offer's price to the product's price.
    factor: float = 1.0
    #: Units this offer sells in one tick, at most.
    pace: int = 0


class Walk(ABC):
    """One product's offers: a function of the seed text and the number of steps.

    No clock and no shared randomness: the same steps give the same offers in any process.
    """

    fewest: int
    most: int
    #: Chance a tick that a listed offer leaves.
    leave: float = 0.01
    #: Chance a tick that an offer which left comes back.
    come_back: float = 0.06
    #: Chance a tick that an offer never seen before appears.
    arrive: float
    #: Chance a tick that the product has no offers at all for one to three ticks.
    go_blank: float = 0.002

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._blank_ticks = 0
        self._away: list[Lot] = []
        self._open()
        self._listed = [self._new_lot() for _ in range(self._opening_size())]
        self._shown = self._show()

    @property
    def offers(self) -> tuple[Offer, ...]:
        """The offers of this tick, in no order."""
        return self._shown

    def step(self) -> None:
        """Move to the next tick."""
        self._trade()
        # In this order, so that an offer that leaves is away for a tick at least.
        self._return()
        self._depart()
        self._arrive()
        if self._blank_ticks:
            self._blank_ticks -= 1
        elif self._random.random() < self.go_blank:
            self._blank_ticks = self._random.randint(1, 3)
        self._shown = self._show()

    def _show(self) -> tuple[Offer, ...]:
        self._random.shuffle(self._listed)
        if self._blank_ticks:
            return ()
        return tuple(Offer(lot.id, lot.price, lot.stock) for lot in self._listed)

    def _depart(self) -> None:
        staying: list[Lot] = []
        for lot in self._listed:
            leaves = self._is_over(lot) or self._random.random() < self.leave
            (self._away if leaves else staying).append(lot)
        self._listed = staying
        del self._away[:-MOST_AWAY]

    def _return(self) -> None:
        for lot in list(self._away):
            if len(self._listed) < self.most and self._random.random() < self.come_back:
                self._away.remove(lot)
                self._refresh(lot)
                self._listed.append(lot)

    def _arrive(self) -> None:
        if len(self._listed) < self.most and self._random.random() < self.arrive:
            self._listed.append(self._new_lot())
        while len(self._listed) < self.fewest:
            self._listed.append(self._new_lot())

    def _opening_size(self) -> int:
        return self._random.randint(self.fewest, self.most)

    @abstractmethod
    def _open(self) -> None:
        """Choose what the product starts with, before its first offers."""

    @abstractmethod
    def _new_lot(self) -> Lot:
        """Return an offer with an id never used before."""

    @abstractmethod
    def _trade(self) -> None:
        """Change prices and stock of the listed offers."""

    @abstractmethod
    def _is_over(self, lot: Lot) -> bool:
        """Return whether an offer must leave now."""

    @abstractmethod
    def _refresh(self, lot: Lot) -> None:
        """Prepare an offer that left for its return."""

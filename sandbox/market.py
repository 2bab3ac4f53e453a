"""The offers of all products at every tick: pure and seeded, without a clock or I/O."""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.current_walk import CurrentWalk
from sandbox.offer import Offer
from sandbox.options import Generation
from sandbox.reply import compact_json
from sandbox.retired_walk import RetiredWalk
from sandbox.walk import Walk


@dataclass
class _Stall:
    """A product's walk at the tick it was last read, with the JSON of that tick."""

    walk: Walk
    tick: int
    body: bytes | None = None


class Market:
    """What is on offer.

    All answers follow from seed, generation, product id, the tick the product came to the
    market (``since``) and the tick asked about, in any process.
    """

    def __init__(self, seed: int, generation: Generation) -> None:
        self._seed = seed
        self._generation = generation
        self._stalls: dict[tuple[str, int], _Stall] = {}

    def history(self, product_id: str, since: int = 0) -> Iterator[tuple[Offer, ...]]:
        """Iterate over a product's offers at ``since`` and every tick after it, without end."""
        walk = self._walk(product_id)
        while True:
            yield walk.offers
            walk.step()

    def offers(self, product_id: str, tick: int, since: int = 0) -> tuple[Offer, ...]:
        """Return a product's offers at any tick, past or future.

        Walks there from the beginning: for reading every tick, :meth:`history` is the cheap way.
        Before ``since`` there are none.
        """
        if tick < since:
            return ()
        walk = self._walk(product_id)
        for _ in range(tick - since):
            walk.step()
        return walk.offers

    def body(self, product_id: str, tick: int, since: int = 0) -> bytes:
        """Return a product's offers as a JSON list.

        Cheap while ticks do not decrease: it remembers where each product is. Not safe for
        concurrent use.
        """
        key = product_id, since
        stall = self._stalls.get(key)
        if stall is None or stall.tick > tick:
            stall = self._stalls[key] = _Stall(self._walk(product_id), since)
        while stall.tick < tick:
            stall.walk.step()
            stall.tick += 1
            stall.body = None
        if stall.body is None:
            stall.body = compact_json([offer._asdict() for offer in stall.walk.offers])
        return stall.body

    def _walk(self, product_id: str) -> Walk:
        kind = CurrentWalk if self._generation == 2 else RetiredWalk
        return kind(f"{self._seed}/{self._generation}/{product_id}")

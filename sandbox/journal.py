"""What was answered, for tests that compare it with what was stored, and to follow requests."""

from collections import Counter, deque
from typing import NamedTuple

from sandbox.reply import Reply, compact_json

#: Entries kept; older ones are dropped.
CAPACITY = 200_000
#: The calls that are remembered one by one.
LOGGED = ("register", "offers")


class Entry(NamedTuple):
    """One answered call that was about a product."""

    n: int
    #: When it was answered, Unix seconds.
    at: float
    product_id: str
    tick: int
    status: int
    #: The JSON list that was sent, shared with the market's cache; None if it was no list.
    offers: bytes | None
    #: What the caller named its request.
    request_id: str | None

    def to_json(self) -> bytes:
        """Return the entry as a JSON object."""
        fields = self._asdict()
        del fields["offers"]
        # The list is JSON already: parsing 200,000 of them to print them again takes seconds.
        return compact_json(fields)[:-1] + b',"offers":' + (self.offers or b"null") + b"}"


class Journal:
    """Counts all calls and remembers the latest that were about a product, by call."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries = {call: deque[Entry](maxlen=capacity) for call in LOGGED}
        self._n_entries = Counter[str]()
        self._by_call = Counter[str]({"auth": 0, "register": 0, "offers": 0})
        self._by_status = Counter[str]()

    def count(self, call: str, status: int | None) -> None:
        """Count one call; status None means that its connection was dropped."""
        self._by_call[call] += 1
        self._by_status["dropped" if status is None else str(status)] += 1

    def add(
        self,
        call: str,
        at: float,
        product_id: str,
        tick: int,
        reply: Reply,
        request_id: str | None,
    ) -> None:
        """Remember one answered call, one of :data:`LOGGED`."""
        self._n_entries[call] += 1
        n = self._n_entries[call]
        entry = Entry(n, at, product_id, tick, reply.status, reply.offers, request_id)
        self._entries[call].append(entry)

    def list_since(self, n: int, call: str = "offers") -> list[Entry]:
        """Return the remembered entries of a call numbered above ``n``, oldest first."""
        found: list[Entry] = []
        for entry in reversed(self._entries[call]):
            if entry.n <= n:
                break
            found.append(entry)
        found.reverse()
        return found

    def to_json(self) -> dict[str, object]:
        """Return the counts, by call and by status."""
        return {**self._by_call, "by_status": dict(self._by_status)}

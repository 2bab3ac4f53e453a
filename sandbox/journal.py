"""What was answered, for tests that compare it with what was stored."""

from collections import Counter, deque
from typing import NamedTuple

from sandbox.reply import compact_json

#: Entries kept; older ones are dropped.
CAPACITY = 200_000


class Entry(NamedTuple):
    """One answered offers call."""

    n: int
    #: When it was answered, Unix seconds.
    at: float
    product_id: str
    tick: int
    status: int
    #: The JSON list that was sent, shared with the market's cache; None if it was no list.
    offers: bytes | None

    def to_json(self) -> bytes:
        """Return the entry as a JSON object."""
        fields = self._asdict()
        del fields["offers"]
        # The list is JSON already: parsing 200,000 of them to print them again takes seconds.
        return compact_json(fields)[:-1] + b',"offers":' + (self.offers or b"null") + b"}"


class Journal:
    """Counts all calls and remembers the latest offers calls."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries: deque[Entry] = deque(maxlen=capacity)
        self._n_entries = 0
        self._by_call = Counter[str]({"auth": 0, "register": 0, "offers": 0})
        self._by_status = Counter[str]()

    def count(self, call: str, status: int | None) -> None:
        """Count one call; status None means that its connection was dropped."""
        self._by_call[call] += 1
        self._by_status["dropped" if status is None else str(status)] += 1

    def add(self, at: float, product_id: str, tick: int, status: int, offers: bytes | None) -> None:
        """Remember one answered offers call."""
        self._n_entries += 1
        self._entries.append(Entry(self._n_entries, at, product_id, tick, status, offers))

    def list_since(self, n: int) -> list[Entry]:
        """Return the remembered entries numbered above ``n``, oldest first."""
        found: list[Entry] = []
        for entry in reversed(self._entries):
            if entry.n <= n:
                break
            found.append(entry)
        found.reverse()
        return found

    def to_json(self) -> dict[str, object]:
        """Return the counts, by call and by status."""
        return {**self._by_call, "by_status": dict(self._by_status)}

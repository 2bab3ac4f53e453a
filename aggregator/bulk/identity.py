"""The ids of rows that bring none."""

from __future__ import annotations

from collections import Counter
from uuid import UUID, uuid5

import msgspec

_NAMESPACE = UUID("5a2c1f0e-6d3b-4b7e-9a51-0f6f6b1d7c42")


class DerivedIds:
    """Gives each row of one file an id that follows from its content.

    So the same file sent again means the same products. Of rows that are alike, each has an
    id of its own: it follows from how many of them came before, too.
    """

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str]] = Counter()

    def derive(self, name: str, description: str) -> UUID:
        """Return the id of the file's next row with this content."""
        self._seen[name, description] += 1
        content = [name, description, self._seen[name, description]]
        return uuid5(_NAMESPACE, msgspec.json.encode(content).decode())

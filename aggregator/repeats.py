"""Log lines that would repeat themselves for as long as something is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Repeats:
    """Lets the first of alike lines pass, then one in a while. Thread-safe.

    :param every_s: how long those that are alike are left out.
    :param clock: monotonic seconds.
    """

    def __init__(
        self, *, every_s: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._every_s = every_s
        self._clock = clock
        self._lock = threading.Lock()
        self._passed_at: dict[str, float] = {}
        self._n_left_out: dict[str, int] = {}

    def left_out(self, reason: str) -> int | None:
        """Return how many lines of this reason were left out; None where this one is, too."""
        now = self._clock()
        with self._lock:
            if now < self._passed_at.get(reason, -self._every_s) + self._every_s:
                self._n_left_out[reason] = self._n_left_out.get(reason, 0) + 1
                return None
            self._passed_at[reason] = now
            return self._n_left_out.pop(reason, 0)

    def forget(self) -> None:
        """Take the next line for the first: what was away is back."""
        with self._lock:
            self._passed_at.clear()
            self._n_left_out.clear()

"""The breaker: while the offers service as a whole is down, asking it costs little."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Opens when the service as a whole seems down; then lets one attempt through at a time.

    pybreaker and its kind wrap a call, and run it under one lock; attempts are under way many at
    a time, and begin and end apart. Thread-safe in so far as threads only ask :meth:`blocks`.

    :param threshold: failures in a row, of whichever products, that open it.
    :param probe_after_s: how long it stays shut to everybody before it lets one through.
    :param clock: monotonic seconds.
    """

    def __init__(
        self,
        *,
        threshold: int = 5,
        probe_after_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold = threshold
        self._probe_after_s = probe_after_s
        self._clock = clock
        self._failures = 0
        self._probe_at = 0.0
        self.is_open = False

    def allowance(self, wanted: int) -> int:
        """Return how many attempts may begin now: all, one as a probe, or none."""
        if not self.is_open:
            return wanted
        return 0 if self.blocks() else 1

    def blocks(self) -> bool:
        """Tell whether no attempt at all may begin now."""
        return self.is_open and self._clock() < self._probe_at

    def succeeded(self) -> bool:
        """Note that the service answered sensibly; True where that closed the breaker."""
        self._failures = 0
        was_open, self.is_open = self.is_open, False
        return was_open

    def failed(self, retry_after_s: float | None = None) -> bool:
        """Note a failure that may be one product's own; True where it opened the breaker."""
        self._failures += 1
        if self.is_open or self._failures >= self._threshold:
            return self.trip(retry_after_s)
        return False

    def trip(self, retry_after_s: float | None = None) -> bool:
        """Note a failure of the service as a whole; True where it opened the breaker.

        :param retry_after_s: how long the service asked to be left alone.
        """
        self._probe_at = self._clock() + max(self._probe_after_s, retry_after_s or 0.0)
        was_open, self.is_open = self.is_open, True
        return not was_open

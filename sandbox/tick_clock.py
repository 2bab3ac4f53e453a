"""Which tick it is."""

from collections.abc import Callable


class TickClock:
    """Counts the market's ticks: those that time brings and those asked for by hand."""

    def __init__(self, tick_s: float, now: Callable[[], float]) -> None:
        self._tick_s = tick_s
        self._now = now
        self._start = now()
        self._manual = 0
        self._timed = 0

    @property
    def tick(self) -> int:
        """The current tick. It never decreases, even if the clock is set back."""
        if self._tick_s:
            self._timed = max(self._timed, int((self._now() - self._start) // self._tick_s))
        return self._timed + self._manual

    def advance(self, n_ticks: int) -> None:
        """Skip to a later tick at once."""
        self._manual += n_ticks

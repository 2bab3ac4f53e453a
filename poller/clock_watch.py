"""Noticing that somebody set the wall clock."""

from __future__ import annotations

import time

#: The wall clock may drift from the monotonic one by this much between two looks.
_DRIFT_S = 2.0


class ClockWatch:
    """Compares the wall clock with the monotonic one, which nobody can set."""

    def __init__(self) -> None:
        self._offset = _offset()

    def jump_s(self) -> float:
        """Return by how many seconds the clock was set since this was last asked; 0: it was not."""
        before, self._offset = self._offset, _offset()
        jump_s = self._offset - before
        return jump_s if abs(jump_s) > _DRIFT_S else 0.0


def _offset() -> float:
    return time.time() - time.monotonic()

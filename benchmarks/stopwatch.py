"""What a piece of work takes in its own process."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self


class Stopwatch:
    """Prints the seconds of CPU and of wall time that its block took."""

    def __enter__(self) -> Self:
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        print(time.process_time() - self._cpu, time.perf_counter() - self._wall)

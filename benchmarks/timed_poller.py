"""The poller, told to write down at its end what each phase of its work cost.

``python -m benchmarks.timed_poller FILE``; the file gets seconds of CPU by phase, as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aggregator import offers_client
from aggregator.services import outcomes
from aggregator.services.recorder import Recorder
from poller.__main__ import main
from poller.claimer import Claimer
from poller.fetcher import Fetcher

#: What is timed; what one of these does inside of another counts as its own alone.
_PHASES: tuple[tuple[Any, str, str], ...] = (
    (Claimer, "claim", "claim"),
    (Fetcher, "_begin_some", "fetch"),
    (Fetcher, "_take_answers", "fetch"),
    (offers_client, "decode_snapshot", "decode"),
    (outcomes, "reconcile", "reconcile"),
    (Recorder, "record", "store"),
)


class PhaseTimes(threading.local):
    """The seconds of CPU that a thread spent, by phase."""

    def __init__(self, totals: list[dict[str, float]]) -> None:
        self._spent: dict[str, float] = defaultdict(float)
        self._inner_s = 0.0
        totals.append(self._spent)

    def measure(self, phase: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a function, and return what it returns."""
        outer_s, self._inner_s = self._inner_s, 0.0
        begun = time.thread_time()
        try:
            return function(*args, **kwargs)
        finally:
            took = time.thread_time() - begun
            self._spent[phase] += took - self._inner_s
            self._inner_s = outer_s + took


def run(file: Path) -> int:
    """Run the poller until a signal ends it; return its exit status."""
    totals: list[dict[str, float]] = []
    times = PhaseTimes(totals)
    for owner, name, phase in _PHASES:
        setattr(owner, name, _timed(times, phase, getattr(owner, name)))
    status = main([])
    phases = dict.fromkeys(phase for _, _, phase in _PHASES)
    by_phase = {phase: sum(spent.get(phase, 0.0) for spent in totals) for phase in phases}
    file.write_text(json.dumps(by_phase))
    return status


def _timed(times: PhaseTimes, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*args: Any, **kwargs: Any) -> Any:
        return times.measure(phase, function, *args, **kwargs)

    return timed


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1])))

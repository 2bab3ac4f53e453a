"""The poller with a clock that is behind, so that hours of history pass within a test.

``python -m tests.e2e.shifted_poller SECONDS [OPTION]...``; the options are the poller's own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from unittest import mock

from aggregator import clock
from poller.__main__ import main
from tests.e2e.conftest import Start
from tests.e2e.processes import Process


def start_shifted(
    start: Start, settings: dict[str, str], behind: timedelta, *options: str
) -> Process:
    """Start a poller whose clock is behind."""
    command = [sys.executable, "-m", __name__, str(behind.total_seconds())]
    return start(*command, *options, **settings)


def run(behind: timedelta, options: Sequence[str]) -> int:
    """Run the poller with a clock that is behind; return its exit status."""

    class ShiftedDatetime(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) - behind

    # What the clock itself looks at, for its function is known under many names already.
    with mock.patch.object(clock, "datetime", ShiftedDatetime):
        return main(list(options))


if __name__ == "__main__":
    sys.exit(run(timedelta(seconds=float(sys.argv[1])), sys.argv[2:]))

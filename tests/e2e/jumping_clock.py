"""Processes of the product with a clock that a test sets while they run.

``python -m tests.e2e.jumping_clock FILE MODULE [OPTION]...``: the options are the module's own,
and FILE holds by how many seconds its clock is ahead. The monotonic clock never jumps.
"""

from __future__ import annotations

import datetime as real
import runpy
import sys
import time
from contextlib import ExitStack
from datetime import timedelta, tzinfo
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import schedule

from aggregator import clock


class JumpingClock:
    """The clock of some processes.

    :param path: of the file that keeps how far it is ahead.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def set_ahead(self, by: timedelta) -> None:
        """Make it jump to so far ahead of the true one."""
        # Whoever looks meanwhile finds the old file or the new one, and both are whole.
        new = self._path.with_suffix(".new")
        new.write_text(str(by.total_seconds()), encoding="ascii")
        new.replace(self._path)

    def ahead(self) -> timedelta:
        """Return how far it is ahead of the true one."""
        return timedelta(seconds=float(self._path.read_text(encoding="ascii")))

    def command(self, module: str, *options: str) -> list[str]:
        """Return the command that runs a module by this clock."""
        return [sys.executable, "-m", __name__, str(self._path), module, *options]


def run(its_clock: JumpingClock, module: str) -> None:
    """Run a module as a program, by a clock that may jump."""
    true_time = time.time

    class JumpingDatetime(real.datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> real.datetime:  # type: ignore[override]
            return real.datetime.now(tz) + its_clock.ahead()

    of_schedule = SimpleNamespace(**{**vars(real), "datetime": JumpingDatetime})
    with ExitStack() as stack:
        # What those look at who go by the wall clock: all of ours through one function.
        for module_, name, value in (
            (clock, "datetime", JumpingDatetime),
            (schedule, "datetime", of_schedule),
            (time, "time", lambda: true_time() + its_clock.ahead().total_seconds()),
        ):
            stack.enter_context(mock.patch.object(module_, name, value))
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    path, module_name = sys.argv[1:3]
    del sys.argv[1:3]
    run(JumpingClock(Path(path)), module_name)

"""The load generator: Debian's wrk, one thread of it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

#: How long at least to wait for any answer at all.
_PATIENCE_S = 10
_SCRIPT = Path(__file__).with_name("wrk.lua")


class WrkFailed(Exception):
    """Load failed on its way, or was answered with an error."""


class Load(msgspec.Struct, frozen=True):
    """What came of some load."""

    requests: int
    """Answers that came, of whatever kind."""
    duration_us: int
    refused: int
    """Answers of status 400 and more."""
    broken: int
    """Connections that failed or broke, and answers that took more than two seconds."""
    p50_us: int
    p95_us: int
    p99_us: int

    @property
    def errors(self) -> int:
        """How many requests failed."""
        return self.refused + self.broken

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.requests * 1e6 / self.duration_us


#: It was stopped before it listened to signals.
_NOT_BEGUN = Load(0, 1, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Request:
    """A request to send; a ``#`` in its body becomes a number that no other has."""

    path: str
    method: str = "GET"
    tag: str = ""
    """For ``If-None-Match``."""
    body: str = ""


class Script:
    """Requests that are sent one after another, and again from the beginning.

    :param file: where they are written down.
    """

    def __init__(self, file: Path, requests: Sequence[Request]) -> None:
        lines = [f"{each.method}\t{each.path}\t{each.tag}\t{each.body}" for each in requests]
        file.write_text("\n".join(lines) + "\n")
        self._file = file

    @contextmanager
    def running(self, port: int, connections: int) -> Iterator[Run]:
        """Send them to a port of this host until the block ends."""
        options = ["-t1", f"-c{connections}", "-d1h", "-s", str(_SCRIPT)]
        command = ["wrk", *options, f"http://127.0.0.1:{port}", "--", str(self._file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield Run(process)
            finally:
                process.kill()

    def send(self, port: int, seconds: float, connections: int) -> Load:
        """Send them to a port of this host for so long, or longer where nothing is answered yet.

        :raises WrkFailed: An answer was an error, or failed to come.
        """
        with self.running(port, connections) as run:
            load = run.stop_after(seconds)
        if load.errors:
            raise WrkFailed(f"{load} of {self._file.name}")
        if load.requests:
            return load
        if seconds > _PATIENCE_S:
            raise WrkFailed(f"no answer to {self._file.name}")
        return self.send(port, 2 * seconds, connections)


class Run:
    """Load that goes on."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def stop_after(self, seconds: float) -> Load:
        """Wait for so long, then :meth:`stop`."""
        time.sleep(seconds)
        return self.stop()

    def stop(self) -> Load:
        """End it, and return what came of it.

        :raises WrkFailed: wrk had given up.
        """
        # It then tells as much as it does at the end of a number of seconds, which must be whole.
        self._process.send_signal(signal.SIGINT)
        said, _ = self._process.communicate()
        if self._process.returncode == -signal.SIGINT:
            return _NOT_BEGUN
        last = said.rstrip().rpartition("\n")[2]
        if not last.startswith("{"):
            raise WrkFailed(said)
        return msgspec.json.decode(last, type=Load)


def require_wrk() -> None:
    """End the program where wrk is not installed, and say how to get it."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is needed, which sends the requests: apt-get install wrk")

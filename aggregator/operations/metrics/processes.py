"""What the processes of one web server counted, which they write to files."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector


class AllProcesses(Collector):
    """Adds up the figures of all processes, also of those that ended.

    The library's collector fails on a file that a process has just made and not yet begun.

    :param folder: where the processes write them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Return each metric with its samples."""
        begun = filter(_is_begun, self._folder.glob("*.db"))
        metrics: Iterable[Metric] = MultiProcessCollector.merge(begun)
        return metrics


def _is_begun(file: Path) -> bool:
    # A gauge's file goes with its process.
    with suppress(FileNotFoundError):
        return file.stat().st_size > 0
    return False

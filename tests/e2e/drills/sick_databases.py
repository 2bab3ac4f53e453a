"""Databases to which nothing can be written for a while, though they can be read."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from subprocess import CalledProcessError, run
from typing import Protocol

import psutil
import psycopg2
import pytest
from psycopg2.sql import SQL, Identifier
from sqlalchemy import make_url

from tests.e2e.processes import Process

#: Less than SQLite's log of changes grows to before it begins anew; what processes log is far
#: shorter.
_MOST_BYTES = 512 * 1024
_DISK_MIB = 16


class SickDatabase(Protocol):
    """A database that falls ill and recovers."""

    url: str

    def fall_ill(self) -> None:
        """Let nothing more be written."""

    def recover(self) -> None:
        """Let all be written again."""


class LimitedFiles:
    """A SQLite database whose files may not grow: the kernel forbids it to its processes.

    Anybody may ask it to, where filling a disk of one's own takes root.
    """

    def __init__(self, url: str, processes: list[Process]) -> None:
        self.url = url
        self._processes = processes

    def fall_ill(self) -> None:
        """Let no file of the processes grow."""
        self._limit(_MOST_BYTES)

    def recover(self) -> None:
        """Let all of them grow."""
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, n_bytes: int) -> None:
        for process in self._processes:
            main = psutil.Process(process.pid)
            for each in (main, *main.children(recursive=True)):
                _, hard = resource.prlimit(each.pid, resource.RLIMIT_FSIZE)
                resource.prlimit(each.pid, resource.RLIMIT_FSIZE, (n_bytes, hard))


class FullDisk:
    """A SQLite database on a disk of its own, which fills up.

    :param folder: where the disk is.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._ballast = folder / "ballast"

    def fall_ill(self) -> None:
        """Fill the disk to the last byte."""
        with suppress(OSError), self._ballast.open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))

    def recover(self) -> None:
        """Make room."""
        self._ballast.unlink()


class ReadOnlyPostgres:
    """A database on PostgreSQL that only reads."""

    def __init__(self, url: str) -> None:
        self.url = url

    def fall_ill(self) -> None:
        """Let it only read."""
        self._set_read_only("on")

    def recover(self) -> None:
        """Let it read and write."""
        self._set_read_only("off")

    def _set_read_only(self, value: str) -> None:
        url = make_url(self.url)
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with closing(psycopg2.connect(plain)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            # By default, and so may a statement of ours; what it changes are new connections.
            cursor.execute("SET default_transaction_read_only = off")
            name = Identifier(url.database or "")
            setting = SQL("ALTER DATABASE {} SET default_transaction_read_only = " + value)
            cursor.execute(setting.format(name))
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Put a small disk at a folder; skips the test where that is not allowed."""
    size = f"size={_DISK_MIB}m"
    try:
        run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=True, capture_output=True)
    except (OSError, CalledProcessError):
        pytest.skip("a disk of its own can be filled by root alone, and not in every container")
    try:
        yield
    finally:
        # Lazily: processes of the test may have files open there until it ends.
        run(["umount", "--lazy", folder], check=True)

"""A Redis server of the tests' own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis

from tests.e2e.processes import free_port
from tests.waiting import wait_until


class RedisServer:
    """A server that can be stopped and started again on the same port. It keeps nothing.

    :param folder: its working directory.
    """

    def __init__(self, binary: str, folder: Path) -> None:
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        options = {"port": str(port), "bind": "127.0.0.1", "save": "", "dir": str(folder)}
        self._command = [binary]
        for name, value in options.items():
            self._command += [f"--{name}", value]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_until(self._answers)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def n_keys(self) -> int:
        """Return how many keys it holds."""
        with redis.Redis.from_url(self.url) as client:
            return int(client.dbsize())

    def _answers(self) -> bool:
        with suppress(redis.ConnectionError), redis.Redis.from_url(self.url) as client:
            return bool(client.ping())
        return False


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    """Start a server; skip the test where none is installed, but never in CI."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None:
        assert not os.environ.get("CI"), "redis-server is not installed"
        pytest.skip("redis-server is not installed")
    server = RedisServer(binary, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()

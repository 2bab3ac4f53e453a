"""The web server as people run it, and one client that asks it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Any

import psutil

from benchmarks.rig import start
from tests.e2e.processes import free_port


class Server:
    """gunicorn with one process; it ends with the stack."""

    def __init__(self, stack: ExitStack, url: str) -> None:
        port = free_port()
        environ = {"DATABASE_URL": url, "PORT": str(port), "WEB_CONCURRENCY": "1"}
        process = start(stack, "-m", "gunicorn", "wsgi:app", **environ, LOG_LEVEL="warning")
        self._master = psutil.Process(process.pid)
        self.port = port
        self._wait()

    @property
    def worker(self) -> psutil.Process:
        """The process that answers."""
        [worker] = self._master.children()
        return worker

    def get(self, path: str) -> Any:
        """Return the answer's JSON."""
        return json.loads(self._answer(path))

    def time_ms(self, path: str) -> float:
        """Return how long it takes until the answer is complete, in milliseconds."""
        begun = time.perf_counter()
        self._answer(path)
        return (time.perf_counter() - begun) * 1000

    def post(self, path: str, media_type: str, body: bytes) -> Any:
        """Send a body; return the answer's JSON."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("POST", path, body, {"Content-Type": media_type})
            response = connection.getresponse()
            answer = response.read()
            assert response.status == 200, answer
            return json.loads(answer)

    def stream(self, path: str) -> Iterator[bytes]:
        """Yield an answer bit by bit."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            assert response.status == 200, response.read()
            while chunk := response.read(1 << 16):
                yield chunk

    def _answer(self, path: str) -> bytes:
        return b"".join(self.stream(path))

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                self.get("/api/v1/products")
                return
            except ConnectionError:
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.1)


def percentile(times: Sequence[float], percent: int) -> float:
    """Return the smallest of some times that so many percent of them do not exceed."""
    return sorted(times)[-(-len(times) * percent // 100) - 1]

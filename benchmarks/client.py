"""One client that asks a web server, over one connection."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer."""

    status: int
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes

    def json(self) -> Any:
        """Return what the body says."""
        return json.loads(self.body)


class Client:
    """A connection to a port of this host, opened by the first request and kept."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, path: str, **headers: str) -> Answer:
        """Return what is answered, whatever it is."""
        self._connection.request("GET", path, headers=headers)
        response = self._connection.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, told, response.read())

    def get(self, path: str) -> Any:
        """Return the JSON of a path, which must be there."""
        return self._found(path).json()

    def time_ms(self, path: str) -> float:
        """Return how long it takes until the answer is complete, in milliseconds."""
        begun = time.perf_counter()
        self._found(path)
        return (time.perf_counter() - begun) * 1000

    def close(self) -> None:
        """End the connection; another request opens it again."""
        self._connection.close()

    def _found(self, path: str) -> Answer:
        answer = self.ask(path)
        assert answer.status == 200, (path, answer)
        return answer

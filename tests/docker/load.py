"""Clients that go on calling while the server is replaced."""

from __future__ import annotations

import random
import secrets
import threading
import time
from types import TracebackType
from typing import Self

import requests
from requests.adapters import HTTPAdapter

_CLIENTS = 12
#: The longest pause of a client between two requests on its connection, seconds. A server that
#: ends keeps idle connections for two: whoever pauses as long may find its own closed.
_PAUSE_S = 1.0


class Load:
    """Reads and writes at once, over connections that are kept, none of them tried twice.

    :param api: such as ``http://127.0.0.1:5000/api/v1``.
    """

    def __init__(self, api: str) -> None:
        self._api = api
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._call, args=(n,)) for n in range(_CLIENTS)]
        #: Of every product that it creates, and of no other.
        self.name = f"Kettle {secrets.token_hex(4)}"
        #: What went wrong, in words.
        self.failures: list[str] = []
        #: The ids of the products that were created.
        self.created: set[str] = set()
        self.answers = 0

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def goes_on(self, answers: int = 200) -> None:
        """Return after so many more answers."""
        enough = self.answers + answers
        give_up_at = time.monotonic() + 60
        while self.answers < enough:
            assert time.monotonic() < give_up_at, self.failures
            time.sleep(0.05)

    def _call(self, n: int) -> None:
        chance = random.Random(n)
        # Every other client calls without a pause.
        pause_s = _PAUSE_S * (n % 2)
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", HTTPAdapter(max_retries=0))
            while not self._ending.wait(chance.random() * pause_s):
                method = chance.choice(("GET", "POST"))
                self._note(method, session)

    def _note(self, method: str, session: requests.Session) -> None:
        body = {"name": self.name} if method == "POST" else None
        try:
            response = session.request(method, f"{self._api}/products", json=body, timeout=30)
            problem = "" if response.ok else f"{response.status_code} {response.text}"
        except requests.RequestException as error:
            problem = repr(error)
        with self._lock:
            self.answers += 1
            if problem:
                self.failures.append(f"{method}: {problem}")
            elif method == "POST":
                self.created.add(response.json()["id"])

"""Steering a sandbox over HTTP, wherever it runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import requests


class SandboxControl:
    """The control interface of one running sandbox.

    :param origin: such as ``http://127.0.0.1:8081``.
    """

    def __init__(self, origin: str) -> None:
        self.base_url = f"{origin}/api/v1"
        self._control = f"{origin}/_sandbox"

    def state(self) -> Any:
        """Return what the sandbox has been asked, and what it knows."""
        return self._call("GET", "state")

    def requests(self, kind: str) -> int:
        """Return how many calls of a kind (auth, register, offers) there were."""
        return int(self.state()["requests"][kind])

    def registered(self) -> set[str]:
        """Return the ids of the registered products."""
        return set(self.state()["registered"]["ids"])

    def log(self, call: str = "offers") -> list[dict[str, Any]]:
        """Return every answered call of a kind, offers or register."""
        answer: list[dict[str, Any]] = self._call("GET", f"log?call={call}")
        return answer

    def tick(self, n: int = 1) -> None:
        """Move the market."""
        self._call("POST", "tick", {"n": n})

    def forget(self, *, tokens: bool = False) -> None:
        """Forget all registrations, and all tokens too where asked to."""
        self._call("POST", "forget", {"tokens": tokens})

    def revoke(self) -> None:
        """Revoke the access tokens."""
        self._call("POST", "revoke", {})

    def faults(self, *sets: Mapping[str, object], **faults: object) -> None:
        """Replace the faults, by one set or several; none without arguments."""
        self._call("PUT", "faults", sets or faults)

    def serve(self, product_id: object, body: object) -> None:
        """Answer calls for a product's offers with this body: JSON of a value, or bytes."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"{self._control}/offers/{product_id}"
        requests.put(url, data=raw, timeout=5).raise_for_status()

    def unserve(self, product_id: object) -> None:
        """Answer calls for a product's offers with its offers again."""
        self._call("DELETE", f"offers/{product_id}")

    def _call(self, method: str, path: str, body: object = None) -> Any:
        url = f"{self._control}/{path}"
        response = requests.request(method, url, json=body, timeout=5)
        response.raise_for_status()
        return response.json() if response.content else None

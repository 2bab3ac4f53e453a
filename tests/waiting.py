"""Waiting for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], timeout_s: float = 15.0) -> T:
    """Return the condition's value as soon as it is true; fail after a time."""
    give_up_at = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < give_up_at, f"nothing came within {timeout_s} s"
        time.sleep(0.05)
    return value

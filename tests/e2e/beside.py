"""Doing things over and over while something else happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event


@contextmanager
def beside(*steps: Callable[[], object], pause_s: float = 0.0) -> Iterator[None]:
    """Take each step again and again, in a thread of its own, until the block ends.

    A step that fails fails the block, in the end.

    :param pause_s: between two of the same.
    """
    stop = Event()

    def go_on(step: Callable[[], object]) -> None:
        while not stop.is_set():
            step()
            stop.wait(pause_s)

    with ThreadPoolExecutor(len(steps)) as pool:
        walks = [pool.submit(go_on, step) for step in steps]
        try:
            yield
        finally:
            stop.set()
        for walk in walks:
            walk.result()

"""Doing a thing once for all who ask at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Does a thing in a thread of its own, for all who ask meanwhile, and for nobody too long.

    Were everybody to look by himself, a database that hangs would hold one connection more for
    each who asks.

    :param within_s: how long whoever asks waits.
    """

    def __init__(self, do: Callable[[], T], *, within_s: float) -> None:
        self._do = do
        self._within_s = within_s
        self._lock = Lock()
        self._under_way: Future[T] | None = None

    def result(self) -> T:
        """Return what came of it, or raise what it raised.

        :raises TimeoutError: It takes too long; who asks next waits for the same.
        """
        with self._lock:
            if self._under_way is None or self._under_way.done():
                self._under_way = Future()
                Thread(target=self._run, args=[self._under_way], daemon=True).start()
            under_way = self._under_way
        return under_way.result(self._within_s)

    def _run(self, result: Future[T]) -> None:
        try:
            result.set_result(self._do())
        except Exception as error:  # noqa: BLE001 - whoever waits for the result raises it
            result.set_exception(error)

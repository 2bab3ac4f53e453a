"""Who reads is let in as soon as there is a connection to the database, in turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import wraps
from threading import Event, Lock
from typing import Any, TypeVar, cast

from flask import Flask, current_app
from sqlalchemy.exc import TimeoutError as PoolTimeout

_TURNS = "aggregator.turns"
#: As long as one waits for a connection of the pool.
_TIMEOUT_S = 5

View = TypeVar("View", bound=Callable[..., Any])


class Turns:
    """So many may do something at a time; who ends hands over to who has waited for longest.

    :param n: how many.
    """

    def __init__(self, n: int) -> None:
        self._n_free = n
        self._waiting: deque[Event] = deque()
        self._lock = Lock()

    def wait(self, timeout_s: float) -> bool:
        """Wait for a turn; return whether it came in time."""
        with self._lock:
            if self._n_free:
                self._n_free -= 1
                return True
            mine = Event()
            self._waiting.append(mine)
        if mine.wait(timeout_s):
            return True
        with self._lock:
            if mine.is_set():
                return True
            self._waiting.remove(mine)
        return False

    def end(self) -> None:
        """End a turn."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._n_free += 1


def init_app(app: Flask, n_connections: int) -> None:
    """Let as many read at a time as there are connections to the database.

    Whoever waits for one can do nothing meanwhile but slow down those who have one.
    """
    app.extensions[_TURNS] = Turns(n_connections)


def in_turn(view: View) -> View:
    """Let a view that only reads wait for its turn.

    :raises sqlalchemy.exc.TimeoutError: It did not come in time.
    """

    @wraps(view)
    def wait(*args: Any, **kwargs: Any) -> Any:
        turns: Turns = current_app.extensions[_TURNS]
        if not turns.wait(_TIMEOUT_S):
            raise PoolTimeout(f"no turn to read came in {_TIMEOUT_S} s")
        try:
            return view(*args, **kwargs)
        finally:
            turns.end()

    return cast(View, wait)

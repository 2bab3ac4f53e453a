"""A limit for a whole HTTP exchange, which requests and urllib3 do not have.

Their time-outs bound one read each: a server that sends a byte a second, in the body, in the
headers or in the framing of chunks, holds a caller for as long as it likes.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

_present = threading.local()


class Deadline:
    """Cuts the connection on which the present thread awaits an answer when time is over.

    The thread then meets the end of the stream, and :attr:`passed` tells why. Works for
    connections of a :class:`DeadlineAdapter`.

    :param seconds: from entering the context to leaving it.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _present.deadline = self
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        _present.deadline = None
        with self._lock:
            self._socket = None

    def watch(self, connected: socket.socket) -> None:
        """Note which connection to cut; cut it now where time is over already."""
        with self._lock:
            self._socket = connected
            if self.passed:
                self._shut_down()

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            self._shut_down()

    def _shut_down(self) -> None:
        if self._socket is not None:
            # The TLS layer's own shutdown would first talk to the other side.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _HTTPConnection(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        _watch(self)
        return super().getresponse()


class _HTTPSConnection(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        _watch(self)
        return super().getresponse()


class _HTTPConnectionPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSConnectionPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS = {"http": _HTTPConnectionPool, "https": _HTTPSConnectionPool}


class DeadlineAdapter(HTTPAdapter):
    """An adapter of requests whose connections heed the thread's :class:`Deadline`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of our connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Return the same for connections through a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def _watch(connection: HTTPConnection) -> None:
    deadline: Deadline | None = getattr(_present, "deadline", None)
    if deadline is not None and connection.sock is not None:
        deadline.watch(connection.sock)

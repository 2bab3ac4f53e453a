"""A limit for a whole HTTP exchange, which requests and urllib3 do not have.

Their time-outs bound one read each: a server that sends a byte a second, in the body, in the
headers or in the framing of chunks, holds a caller for as long as it likes.
"""

from __future__ import annotations

import threading
import time
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from socket import socket
from types import TracebackType
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

_present = threading.local()


class Deadline:
    """Lets the present thread read answers until time is over, and not from then on.

    The thread then meets a time-out like any other, and :attr:`passed` tells why. Works for
    connections of a :class:`DeadlineAdapter`.

    :param seconds: from now on.
    """

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether time is over."""
        return time.monotonic() >= self._ends_at

    def __enter__(self) -> Self:
        _present.deadline = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _present.deadline = None

    def limit(self, connected: socket) -> None:
        """Let the next read wait for no longer than there is time.

        :raises TimeoutError: Time is over.
        """
        left_s = self._ends_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the exchange took too long")
        connected.settimeout(left_s)


class _Stream(RawIOBase):
    """What a connection brings, as long as there is time."""

    def __init__(self, connected: socket, stream: BufferedReader, deadline: Deadline) -> None:
        self._connected = connected
        self._stream = stream
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._deadline.limit(self._connected)
        # Past its buffer: it would read on until that is full.
        return self._stream.raw.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        deadline: Deadline | None = getattr(_present, "deadline", None)
        if deadline is not None:
            self.fp = BufferedReader(_Stream(sock, self.fp, deadline))


class _HTTPConnection(HTTPConnection):
    response_class = _Response


class _HTTPSConnection(HTTPSConnection):
    response_class = _Response


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

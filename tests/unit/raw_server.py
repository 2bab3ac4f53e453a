"""A server that sends exactly the bytes a test wants, whether or not they are HTTP."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self


class RawServer:
    """Answers the one request of each connection with bytes, then closes it.

    :param pieces: gives what one connection is sent, piece by piece.
    :param tls: None speaks plain HTTP.
    """

    def __init__(
        self, pieces: Callable[[], Iterable[bytes]], *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._pieces = pieces
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        #: The head of each request, as it came.
        self.heads: list[str] = []
        #: How many bytes the system took from us.
        self.n_sent = 0

    @property
    def base_url(self) -> str:
        """Where the server listens."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/api/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # close() alone would leave accept() waiting.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError), self._secured(connection) as secured:
                self._answer(secured)

    def _secured(self, connection: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    def _answer(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and (received := connection.recv(65536)):
            head += received
        self.heads.append(head.decode("latin-1"))
        for piece in self._pieces():
            connection.sendall(piece)
            self.n_sent += len(piece)
        # Without it, closing with unread bytes would reset the connection.
        connection.shutdown(socket.SHUT_WR)

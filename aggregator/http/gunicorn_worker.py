"""A worker of gunicorn that clients cannot keep busy by being slow."""

from __future__ import annotations

import errno
import select
import socket
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ, BaseSelector
from threading import Semaphore
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

#: Requests of one process that are worked on at once. A thread that waits for its client does
#: not count.
AT_WORK = 8
#: Seconds in which all of a request's head must have come.
HEAD_S = 20.0
MAX_HEAD_BYTES = 64 * 1024
#: Seconds that a client may keep a request waiting beside those that its bytes give it.
PATIENCE_S = 20.0
#: What a client that is not slow takes or sends in each second.
BYTES_PER_S = 16 * 1024


class ClientSocket(socket.socket):
    """A connection whose thread lets another one work while it waits for the client.

    :param places: the thread holds one of them while it works.
    """

    def __init__(self, accepted: socket.socket, places: Semaphore) -> None:
        super().__init__(fileno=accepted.detach())
        self._places = places
        self._patience_s = PATIENCE_S

    def renew_patience(self) -> None:
        """Begin a request."""
        self._patience_s = PATIENCE_S

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Receive some bytes.

        :raises ConnectionResetError: The client is too slow.
        """
        if self.gettimeout() != 0:
            self._wait(select.POLLIN)
        data = super().recv(bufsize, flags)
        self._reward(len(data))
        return data

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send all bytes.

        :raises ConnectionResetError: The client is too slow.
        """
        if self.gettimeout() == 0:
            return super().sendall(data, flags)
        left = memoryview(data)
        while left:
            self._wait(select.POLLOUT)
            n_sent = self.send(left, flags | socket.MSG_DONTWAIT)
            self._reward(n_sent)
            left = left[n_sent:]
        return None

    def _wait(self, event: int) -> None:
        poll = select.poll()
        poll.register(self, event)
        if poll.poll(0):
            return
        limit_s = min(self._patience_s, self.gettimeout() or PATIENCE_S)
        began = time.monotonic()
        self._places.release()
        try:
            ready = poll.poll(max(limit_s, 0) * 1000)
        finally:
            self._patience_s -= time.monotonic() - began
            self._places.acquire()
        if not ready:
            # As gunicorn knows it of clients that hang up: nothing to make a fuss about.
            raise ConnectionResetError(errno.ECONNRESET, "the client is too slow")

    def _reward(self, n_bytes: int) -> None:
        self._patience_s = min(self._patience_s + n_bytes / BYTES_PER_S, PATIENCE_S)


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's threads, for plain HTTP/1.1, where slow clients take nobody's turn.

    The head of a request is gathered by the loop that waits for all connections, so that none
    occupies a thread before. There are more threads than may work at once: what waits for
    its client, for a body or with an answer, lends its place to another.
    """

    poller: BaseSelector
    pending_conns: deque[TConn]
    keepalived_conns: deque[TConn]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = Semaphore(AT_WORK)

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, and wait for its first request."""
        try:
            accepted, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ECONNABORTED):
                return
            raise
        self.nr_conns += 1
        client = ClientSocket(accepted, self._places)
        self._await_head(TConn(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Wait for the next request on a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_head(conn)

    def on_pending_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Take what has come of a head; give the request to a thread as soon as it is whole."""
        try:
            data = client.recv(MAX_HEAD_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.head += data
        # The end of the head may have come in two pieces.
        is_whole = conn.head.find(b"\r\n\r\n", max(len(conn.head) - len(data) - 3, 0)) >= 0
        if data and not is_whole and len(conn.head) < MAX_HEAD_BYTES:
            return
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        if not is_whole:
            self.nr_conns -= 1
            conn.close()
            return
        conn.data_ready = True
        conn.init()
        conn.parser.unreader.unread(bytes(conn.head))
        self.enqueue_req(conn)

    def handle(self, conn: TConn) -> bool:
        """Answer a request, in a thread; tell whether the connection goes on."""
        with self._places:
            conn.sock.renew_patience()
            goes_on = bool(super().handle(conn))
            if not goes_on:
                # Which may take two seconds, and would stop the loop for all others.
                conn.close(graceful=True)
            return goes_on

    def finish_request(self, conn: TConn, answered: Future[bool]) -> None:
        """Keep a connection for the next request, or forget it."""
        if answered.cancelled() or answered.exception() or not answered.result():
            self.nr_conns -= 1
            conn.close()
        else:
            super().finish_request(conn, answered)

    def _await_head(self, conn: TConn) -> None:
        conn.head = bytearray()
        conn.timeout = time.monotonic() + HEAD_S
        conn.sock.settimeout(0)
        self.pending_conns.append(conn)
        waiting = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, EVENT_READ, waiting)

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

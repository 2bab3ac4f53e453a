"""Serving: gunicorn with one process, because the state lives in its memory."""

import os
import socket
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

#: More than 64, so that the control interface answers while 64 clients are kept waiting.
N_THREADS = 72
#: Every answer under way may take this long after SIGTERM; endless ones are cut off.
GRACE_S = 1
KEEP_ALIVE_S = 60


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket; port 0 takes a free one.

    :raises OSError: The address cannot be had.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(socket.SOMAXCONN)
    except OSError:
        listener.close()
        raise
    return listener


def _cut_off(arbiter: object, worker: Any) -> None:
    if worker.nr_conns:
        # The interpreter waits for its threads, and an endless answer never gives up its own.
        os._exit(0)


# gunicorn ships no annotations.
class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn on a socket of ours, so that a busy port is our own message."""

    def __init__(
        self, listener: socket.socket, create: Callable[[], Flask], on_ready: Callable[[], None]
    ) -> None:
        """Take over a bound socket.

        :param create: Called in the worker process.
        :param on_ready: Called when the first connection can be made.
        """
        self._create = create
        self._settings: dict[str, Any] = {
            "bind": f"fd://{listener.detach()}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": N_THREADS,
            "keepalive": KEEP_ALIVE_S,
            "graceful_timeout": GRACE_S,
            # A process stopped in a debugger or by a test keeps its state.
            "timeout": 0,
            "control_socket_disable": True,
            "accesslog": None,
            "loglevel": "error",
            "when_ready": lambda arbiter: on_ready(),
            "worker_exit": _cut_off,
        }
        super().__init__()

    def load_config(self) -> None:
        """Give gunicorn its settings; files and environment are not read."""
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the application, in the worker process."""
        return self._create()

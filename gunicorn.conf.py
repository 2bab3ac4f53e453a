"""How gunicorn serves the application; its own command line and variables go before."""

import os
import random
import shutil
import socket
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn import glogging
from gunicorn.arbiter import Arbiter
from gunicorn.http.message import Request
from gunicorn.workers.base import Worker

# The workers count together where this says; `when_ready` decides. That they do so at all,
# Prometheus's library asks when it is imported.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", "")

from prometheus_client.multiprocess import mark_process_dead

from aggregator import log
from aggregator.errors import SettingsError
from aggregator.settings import Settings

try:
    _settings = Settings.from_env()
except SettingsError as error:
    sys.exit(f"aggregator: {error}")

bind = f"0.0.0.0:{_settings.port}"
workers = _settings.web_concurrency
worker_class = "gthread"
# As fast as 16, for 2 MB more, and room where one process happens to accept 32 slow clients.
threads = 64
# What is under way at SIGTERM has this long to end. Heroku, for one, kills after 30 s.
graceful_timeout = 25
# Whoever closes an idle connection may close it on a request that is already on its way: that is
# for the proxy in front to avoid. Heroku's router closes its own after 90 s.
keepalive = 95
# As long as gunicorn allows: a list may be asked for by a hundred ids and a long search.
limit_request_line = 8190
# TRUSTED_PROXIES alone says whose word counts.
forwarded_allow_ips = ""
# It would listen on a socket in the user's home directory.
control_socket_disable = True
loglevel = _settings.log_level
logconfig_dict = log.logging_config(_settings.log_level, _settings.log_format)
# Gunicorn keeps its own lines to itself unless its logger is named.
logconfig_dict["loggers"]["gunicorn.error"] = {"propagate": True}
# One line a request comes from the application, with the request's id.
accesslog = None


class _Logger(glogging.Logger):  # type: ignore[misc]
    """Gunicorn's own, which would make a line of each request up, and then not write it."""

    def access(self, *args: Any) -> None:
        """Tell of a request where an operator wants that as well."""
        if self.access_log.handlers:
            super().access(*args)


logger_class = _Logger

#: So much of a body that the application left unread gunicorn reads, to keep the connection.
_READ_FOR_US = 64 * 1024


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Choose the processor that a new worker is kept to: one that fewest others have."""
    worker.processor = None
    if _settings.web_cpu_affinity == "on" and hasattr(os, "sched_getaffinity"):
        taken = Counter(other.processor for other in server.WORKERS.values())
        usable = list(os.sched_getaffinity(0))
        # Several servers on one host should not all begin with the same one.
        random.shuffle(usable)
        worker.processor = min(usable, key=taken.__getitem__)


def post_fork(_server: Arbiter, worker: Worker) -> None:
    """Keep the worker to its processor before it has threads, which inherit that."""
    if worker.processor is not None:
        # Where that is forbidden, the worker runs wherever the system lets it.
        with suppress(OSError):
            os.sched_setaffinity(0, {worker.processor})


def pre_request(_worker: Worker, req: Request) -> None:
    """Say that the connection ends behind a long body.

    Gunicorn would end it unsaid where the body was refused, and the client's next request
    would fail.
    """
    headers = dict(req.headers)
    if "TRANSFER-ENCODING" in headers or int(headers.get("CONTENT-LENGTH", 0)) > _READ_FOR_US:
        req.force_close()


def on_starting(server: Arbiter) -> None:
    """Make no fuss about clients that were given up: gunicorn would show a traceback for each."""
    server.log.error_log.addFilter(
        lambda record: not (record.exc_info and isinstance(record.exc_info[1], TimeoutError))
    )


def when_ready(server: Arbiter) -> None:
    """Prepare what the workers share."""
    for listener in server.LISTENERS:
        if sys.platform == "linux" and listener.family != socket.AF_UNIX:
            _give_up_the_silent(listener)
    _make_metrics_folder(server)


def _give_up_the_silent(listener: socket.socket) -> None:
    """Let the system end connections whose client is gone, or takes nothing of an answer.

    That takes it some 20 s. Linux hands the options on to each connection.
    """
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 20_000)


def _make_metrics_folder(server: Arbiter) -> None:
    """Give the workers a folder without figures: one of their own, or the operator's."""
    folder = os.environ["PROMETHEUS_MULTIPROC_DIR"]
    # A master that takes over from another was given the other's, which is still in use.
    if not folder or "GUNICORN_PID" in os.environ:
        server.metrics_folder = tempfile.mkdtemp(prefix="aggregator-metrics-")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = server.metrics_folder
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for stale in Path(folder).glob("*.db"):
        stale.unlink()


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Forget the requests that a worker died in the middle of. What it counted stays."""
    mark_process_dead(worker.pid)


def on_exit(server: Arbiter) -> None:
    """Take a folder of the workers' own away."""
    if folder := getattr(server, "metrics_folder", None):
        shutil.rmtree(folder, ignore_errors=True)

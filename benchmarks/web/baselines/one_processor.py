"""How gunicorn serves a baseline whose worker is kept to one processor.

The threads of one Python process take turns; where they do so on several processors, handing over
takes longer than some of the work.
"""

import os

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from benchmarks.web.baselines.gthread import (
    control_socket_disable,
    loglevel,
    threads,
    worker_class,
    workers,
)

__all__ = ["control_socket_disable", "loglevel", "threads", "worker_class", "workers"]


def post_fork(_server: Arbiter, _worker: Worker) -> None:
    """Keep the worker, which has no threads yet, to the last processor that it may use."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

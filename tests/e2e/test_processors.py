"""Each process of the web server keeps to a processor of its own."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.databases import migrated
from tests.e2e.conftest import Start, Web, start_web
from tests.e2e.processes import environ
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.waits,
    pytest.mark.skipif(
        sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="wants two processors"
    ),
]

NOWHERE = "http://127.0.0.1:9/api/v1"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    url = migrated(f"sqlite:///{tmp_path}/aggregator.db")
    return environ(url, NOWHERE, WEB_CONCURRENCY="2")


def used(web: Web) -> dict[int, set[int]]:
    """Return the processors that each worker may use, all of its threads together."""
    workers = psutil.Process(web.process.pid).children()
    return {
        worker.pid: {cpu for thread in worker.threads() for cpu in os.sched_getaffinity(thread.id)}
        for worker in workers
    }


def are_apart(web: Web) -> bool:
    try:
        processors = list(used(web).values())
    except (psutil.NoSuchProcess, ProcessLookupError):
        return False
    return [len(each) for each in processors] == [1, 1] and len(set().union(*processors)) == 2


def test_workers_have_a_processor_each_and_so_has_who_replaces_one(
    start: Start, settings: dict[str, str]
) -> None:
    web = start_web(start, settings)
    wait_until(lambda: are_apart(web))

    killed = next(iter(used(web)))
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(killed) and are_apart(web))
    web.close()


def test_workers_run_anywhere_where_that_is_asked_for(
    start: Start, settings: dict[str, str]
) -> None:
    web = start_web(start, settings | {"WEB_CPU_AFFINITY": "off"})
    wait_until(lambda: list(used(web).values()) == [os.sched_getaffinity(0)] * 2)
    web.close()

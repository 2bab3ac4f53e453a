"""What Prometheus reads of several web processes and of a poller is right to the last one."""

from __future__ import annotations

import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import pytest
import requests

from aggregator.metric_families import FAMILIES
from tests.e2e.conftest import Start, Web, start_web
from tests.e2e.processes import POLLER, Process, free_port
from tests.scrape import Scrape
from tests.waiting import wait_until

pytestmark = pytest.mark.waits
ROUTE = "/api/v1/products/<uuid:product_id>"
#: Where the workers of one web server count together.
FOLDERS = "aggregator-metrics-*"
NAMES = tuple(family.name for family in FAMILIES)
#: For what has nothing to do with the database.
ONE_DATABASE = pytest.mark.parametrize("fresh_database_url", ["sqlite"], indirect=True)


def get_at_once(url: str, n: int) -> list[requests.Response]:
    """Make so many calls, each over a connection of its own, so that all workers get some."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: requests.get(url, timeout=20), range(n)))


def metrics_of(web: Web) -> str:
    return f"{web.api.removesuffix('/api/v1')}/metrics"


def scrape(url: str) -> Scrape:
    response = requests.get(url, timeout=20)
    response.raise_for_status()
    return Scrape(response.text)


def counted(web: Web) -> set[tuple[float | None, float | None]]:
    """Return how many calls of a product are told, by either metric, in each of many scrapes."""
    return {
        (
            told.value("http_requests_total", route=ROUTE, method="GET", status="404"),
            told.value("http_request_duration_seconds_count", route=ROUTE, method="GET"),
        )
        for told in (Scrape(answer.text) for answer in get_at_once(metrics_of(web), 12))
    }


def workers(process: Process) -> set[int]:
    return {child.pid for child in psutil.Process(process.pid).children()}


def wait_for_other_workers(process: Process, old: set[int]) -> None:
    wait_until(lambda: len(new := workers(process)) == 2 and not new & old)


def begin_post(web: Web) -> socket.socket:
    """Send the first half of a request, which some worker then waits with."""
    address = urlsplit(web.api)
    client = socket.create_connection((str(address.hostname), address.port or 0))
    head = f"POST {address.path}/products HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    client.sendall(f"{head}Content-Length: 20\r\n\r\n{{".encode())
    return client


def posts_in_progress(web: Web) -> float | None:
    return scrape(metrics_of(web)).value("http_requests_in_progress", method="POST")


@ONE_DATABASE
def test_no_request_is_lost_or_counted_twice(
    start: Start, settings: dict[str, str], tmp_path: Path
) -> None:
    web = start_web(start, settings | {"WEB_CONCURRENCY": "2"})
    url = f"{web.api}/products/{uuid4()}"
    get_at_once(url, 40)
    assert counted(web) == {(40, 40)}

    old = workers(web.process)
    os.kill(web.process.pid, signal.SIGHUP)
    wait_for_other_workers(web.process, old)
    assert counted(web) == {(40, 40)}
    get_at_once(url, 20)
    assert counted(web) == {(60, 60)}

    with begin_post(web):
        wait_until(lambda: posts_in_progress(web) == 1)
        old = workers(web.process)
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        wait_for_other_workers(web.process, old)
    assert not posts_in_progress(web)
    assert counted(web) == {(60, 60)}
    get_at_once(url, 20)
    assert counted(web) == {(80, 80)}

    web.close()
    assert list(tmp_path.glob(FOLDERS))
    assert web.process.stop() == 0
    assert not list(tmp_path.glob(FOLDERS))


def test_what_a_poller_counted_outlives_it(
    start: Start, settings: dict[str, str], tmp_path: Path
) -> None:
    # The operator names a folder, to the poller as well, which must keep out of it.
    settings |= {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}
    web = start_web(start, settings)
    ids = [web.create(f"Product {i}") for i in range(3)]
    # Once polled, none of them is due again.
    seldom = settings | {"POLL_INTERVAL_S": "7200", "METRICS_PORT": str(free_port())}
    poller = start(*POLLER, **seldom)
    wait_until(lambda: all(web.get(f"/products/{id_}")["checked_at"] for id_ in ids))
    told = wait_until(lambda: all_counted(seldom["METRICS_PORT"], 3))
    assert told
    assert told.value("offers_service_up") == 1
    assert poller.stop() == 0
    fleet = scrape(metrics_of(web))
    assert fleet.of(*NAMES) == told.of(*NAMES)
    assert fleet.value("pollers_seen") == 0

    web.create("Another product")
    assert start(*POLLER, "--once", **seldom).wait() == 0
    fleet = scrape(metrics_of(web))
    assert fleet.value("polls_total", outcome="answered") == 4
    assert fleet.value("pollers_seen") == 0

    web.close()
    web.process.kill()
    web = start_web(start, settings)
    anew = scrape(metrics_of(web))
    assert anew.of(*NAMES) == fleet.of(*NAMES)
    assert anew.value("http_requests_total", route=ROUTE, method="GET", status="200") is None
    web.close()
    assert not list(tmp_path.glob(FOLDERS))


def all_counted(port: str, n: int) -> Scrape | None:
    """Return what a poller tells as soon as so many polls are counted."""
    told = scrape(f"http://127.0.0.1:{port}/metrics")
    return told if told.value("polls_total", outcome="answered") == n else None


@ONE_DATABASE
def test_a_poller_does_not_start_where_its_port_is_taken(
    start: Start, settings: dict[str, str]
) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        poller = start(*POLLER, **settings, METRICS_PORT=str(port))
        assert poller.wait() == 1
    assert f"poller: METRICS_PORT {port} cannot be listened on" in poller.said()

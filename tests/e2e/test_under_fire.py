"""What the main job survives: kills, a database that hangs, big bodies."""

from __future__ import annotations

import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
import requests
from sqlalchemy import create_engine, text

from tests.databases import migrated, sqlalchemy_url
from tests.e2e.claims import make_all_due
from tests.e2e.conftest import Start, Web, start_web
from tests.e2e.processes import POLLER, environ
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until

pytestmark = pytest.mark.waits


def test_a_poller_killed_in_the_middle_of_a_transaction_leaves_nothing_half_written(
    start: Start, own_postgres: Any, upstream: SandboxControl
) -> None:
    url = own_postgres.get_uri()
    settings = environ(migrated(sqlalchemy_url(own_postgres)), upstream.base_url)
    web = start_web(start, settings)
    product_id = web.create("Hammock")
    with closing(psycopg2.connect(url)) as locker, locker.cursor() as cursor:
        cursor.execute("LOCK TABLE price_points IN ACCESS EXCLUSIVE MODE")
        poller = start(*POLLER, **settings)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        wait_until(lambda: _scalar(url, waiting))
        poller.kill()
        locker.rollback()
    wait_until(lambda: not _scalar(url, waiting))

    assert web.offers(product_id) == {}
    assert web.get(f"/products/{product_id}")["checked_at"] is None
    assert _scalar(url, "SELECT count(*) FROM offers") == 0
    make_all_due(settings["DATABASE_URL"])
    assert start(*POLLER, "--once", **settings).wait() == 0
    assert web.offers(product_id)
    web.close()


def test_a_web_server_killed_while_it_registers_loses_no_product(
    start: Start, settings: dict[str, str], upstream: SandboxControl
) -> None:
    web = start_web(start, settings | {"REGISTER_TIMEOUT_S": "9", "OFFERS_TIMEOUT_S": "9"})
    web.create("Known")
    upstream.faults(latency_ms=2000, paths=["register"])
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(web.call, "POST", "/products", json={"name": "Hammock"})
        wait_until(lambda: len(stored_names(settings["DATABASE_URL"])) == 2)
        web.process.kill()
        with pytest.raises(requests.ConnectionError):
            answer.result()
    web.close()
    upstream.faults()
    make_all_due(settings["DATABASE_URL"])
    assert start(*POLLER, "--once", **settings).wait() == 0
    assert len(upstream.registered()) == 2
    assert len({entry["product_id"] for entry in upstream.log()}) == 2


def test_sigterm_ends_the_poller_in_time_while_the_database_hangs(
    start: Start, own_postgres: Any, upstream: SandboxControl
) -> None:
    url = own_postgres.get_uri()
    settings = environ(migrated(sqlalchemy_url(own_postgres)), upstream.base_url)
    with closing(psycopg2.connect(url)) as locker, locker.cursor() as cursor:
        cursor.execute("LOCK TABLE product_sync IN ACCESS EXCLUSIVE MODE")
        poller = start(*POLLER, **settings)
        wait_until(
            lambda: _scalar(
                url, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            )
        )
        started = time.monotonic()
        assert poller.stop() == 0
        assert time.monotonic() - started < 5
        locker.rollback()


def test_a_two_megabyte_body_is_refused_over_a_real_connection(web: Web) -> None:
    address = urlsplit(web.api)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(
            b"POST /api/v1/products HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 2097152\r\n\r\n"
        )
        connection.sendall(b'{"name": "' + b"x" * 1000)
        assert b" 413 " in connection.recv(4096).split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("chunks", "status"),
    [
        pytest.param(b"zz\r\n", b"400", id="no-size"),
        pytest.param(b'3\r\n{"naXXXX\r\n', b"400", id="no-end"),
        pytest.param(b"%x\r\n%s\r\n0\r\n\r\n" % (1 << 21, b" " * (1 << 21)), b"413", id="2-MB"),
    ],
)
def test_a_bad_body_in_chunks_is_refused(web: Web, chunks: bytes, status: bytes) -> None:
    address = urlsplit(web.api)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(
            b"POST /api/v1/products HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        with suppress(ConnectionError):
            connection.sendall(chunks)
        assert connection.recv(4096).split(b" ")[1] == status


@pytest.mark.parametrize(
    ("command", "said"),
    [
        pytest.param([*POLLER], "poller: ", id="poller"),
        pytest.param([sys.executable, "-m", "gunicorn", "wsgi:app"], "aggregator: ", id="web"),
        pytest.param(
            [sys.executable, "-m", "flask", "--app", "wsgi", "products", "list"],
            "aggregator: ",
            id="flask",
        ),
        pytest.param([sys.executable, "-m", "demo"], "make run: ", id="make-run"),
    ],
)
def test_bad_settings_are_a_clear_line_each(
    start: Start, tmp_path: Path, command: list[str], said: str
) -> None:
    process = start(*command, POLL_INTERVAL_S="never", DATABASE_URL="mysql://x", PORT="0")
    assert process.wait() != 0
    lines = process.said().removeprefix(said).strip().splitlines()
    assert [line.split()[0] for line in lines] == ["DATABASE_URL", "POLL_INTERVAL_S", "PORT"]


def test_a_poller_without_a_service_says_what_to_set(start: Start, tmp_path: Path) -> None:
    process = start(*POLLER, DATABASE_URL=f"sqlite:///{tmp_path}/x.db")
    assert process.wait() == 1
    assert "OFFERS_BASE_URL" in process.said()


def stored_names(database_url: str) -> list[str]:
    """Return the names of all products, past the web server."""
    engine = create_engine(database_url)
    with engine.connect() as connection:
        names = list(connection.scalars(text("SELECT name FROM products")))
    engine.dispose()
    return names


def test_polling_once_without_a_database_is_one_clear_line(start: Start) -> None:
    away = environ("postgresql://user@127.0.0.1:9/db", "http://127.0.0.1:9/api/v1")
    process = start(*POLLER, "--once", **away)
    assert process.wait() == 1
    assert process.said().splitlines()[-1].startswith("poller: the database is unavailable: ")
    assert "Traceback" not in process.said()


def _scalar(url: str, query: str) -> Any:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
        return row[0] if row else None

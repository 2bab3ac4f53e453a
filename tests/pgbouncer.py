"""PgBouncer in transaction mode: each transaction of a client may have another connection."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import make_url

from tests.e2e.processes import free_port
from tests.waiting import wait_until

_SETTINGS = """\
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
admin_users = admin
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 500
client_tls_sslmode = allow
client_tls_key_file = {tls}/key.pem
client_tls_cert_file = {tls}/certificate.pem
"""
_TLS = Path(__file__).parent / "unit" / "tls"


class PgBouncer:
    """A running PgBouncer.

    :param url: of the database behind it.
    """

    def __init__(self, url: str, port: int) -> None:
        self.port = port
        through = make_url(url).set(host="127.0.0.1", port=port, query={})
        self.url = through.render_as_string(hide_password=False)
        self._admin = f"host=127.0.0.1 port={port} dbname=pgbouncer user=admin"

    def show(self, what: str) -> list[dict[str, Any]]:
        """Return what its console tells, such as of ``POOLS`` or ``CLIENTS``, a row each."""
        with closing(psycopg2.connect(self._admin)) as connection:
            # The console knows no transactions.
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"SHOW {what}")
                names = [column.name for column in cursor.description or ()]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def answers(self) -> bool:
        """Tell whether it takes connections."""
        try:
            return bool(self.show("VERSION"))
        except psycopg2.OperationalError:
            return False


def find_pgbouncer() -> str | None:
    """Return where PgBouncer is installed; None where it is not."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def require_pgbouncer() -> str:
    """Return where PgBouncer is; skip the test where none is installed, but never in CI."""
    binary = find_pgbouncer()
    if binary is None:
        assert not os.environ.get("CI"), "pgbouncer is not installed"
        pytest.skip("pgbouncer is not installed")
    return binary


@contextmanager
def running_pgbouncer(
    binary: str, folder: Path, url: str, *, pool_size: int, port: int | None = None
) -> Iterator[PgBouncer]:
    """Start one in front of a database of the tests' own; clients that can use TLS do.

    :param folder: for its settings.
    :param url: of the database.
    :param pool_size: connections to the database that all clients share.
    :param port: where it listens; None for a free one.
    """
    port = port or free_port()
    server = make_url(url)
    host = server.host or str(server.query["host"])
    words = {"host": host, "port": server.port or 5432, "user": server.username}
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        _SETTINGS.format(
            server=" ".join(f"{name}={value}" for name, value in words.items()),
            port=port,
            pool_size=pool_size,
            tls=_TLS,
        )
    )
    command = [binary, "--quiet", *_as_somebody_else(host), str(settings)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    bouncer = PgBouncer(url, port)
    try:
        wait_until(bouncer.answers)
        yield bouncer
    finally:
        process.terminate()
        process.wait(10)


def _as_somebody_else(host: str) -> list[str]:
    """Return options, as it refuses to run as root: whoever has the server's socket may use it."""
    if os.getuid() != 0:
        return []
    return ["--user", Path(host).owner() if host.startswith("/") else "nobody"]

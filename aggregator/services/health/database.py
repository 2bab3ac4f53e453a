"""The database itself: whether it answers, what its tables are, how many may connect."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Engine, QueuePool, text
from sqlalchemy.orm import Session

from aggregator.services.health.brief import sqlite_path
from aggregator.services.health.check import Check, Verdict
from aggregator.services.health.readiness import check_schema
from aggregator.services.health.subject import Subject
from aggregator.services.schema import read_schema

_LIMITS = text("""
    SELECT current_setting('max_connections')::int
               - current_setting('superuser_reserved_connections')::int AS of_server,
           (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS of_role,
           (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS of_database,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS n_open
    """)


def examine_database(subject: Subject, session: Session) -> list[Check]:
    """Tell what the database is, now that it answers."""
    if subject.engine.dialect.name == "sqlite":
        # SQLite opens any file, and notices only when it reads that it is no database.
        session.execute(text("SELECT count(*) FROM sqlite_master"))
        path = sqlite_path(subject.engine)
        where = f", the file {path}" if path else ", in memory"
        return [Check("database", Verdict.OK, f"SQLite {sqlite3.sqlite_version}{where}.")]
    version = session.scalar(text("SELECT current_setting('server_version')"))
    return [Check("database", Verdict.OK, f"PostgreSQL {version} answers.")]


def examine_migrations(_subject: Subject, session: Session) -> list[Check]:
    """Judge the tables."""
    return [check_schema(read_schema(session.connection()))]


def examine_connections(subject: Subject, session: Session) -> list[Check]:
    """Compare the connections that the server allows with those that may be opened."""
    if subject.engine.dialect.name == "sqlite":
        return []
    limits = session.execute(_LIMITS).one()
    allowed = min(n for n in (limits.of_server, limits.of_role, limits.of_database) if n >= 0)
    n_web = subject.settings.web_concurrency
    wanted = (n_web + 1) * _capacity(subject.engine)
    told = (
        f"WEB_CONCURRENCY ({n_web}) and one poller may open {wanted}; "
        f"{allowed} are allowed, {limits.n_open} are open now."
    )
    if wanted <= allowed:
        return [Check("connections", Verdict.OK, told)]
    remedy = "Lower WEB_CONCURRENCY, or put PgBouncer in front (transaction mode)."
    return [Check("connections", Verdict.WARNING, told, remedy)]


def _capacity(engine: Engine) -> int:
    """Return how many connections one process may have open."""
    pool = engine.pool
    if not isinstance(pool, QueuePool):
        return 1
    # SQLAlchemy tells the overflow nowhere else.
    return pool.size() + pool._max_overflow

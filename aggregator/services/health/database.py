"""The database itself: whether it answers, what its tables are, how many may connect."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Engine, QueuePool, text
from sqlalchemy.orm import Session

from aggregator.services.health.brief_reading import sqlite_path
from aggregator.services.health.check import Check, Verdict
from aggregator.services.health.subject import Subject
from aggregator.services.schema import Schema, SchemaState, read_schema

UPGRADE = "flask --app wsgi db upgrade"

_LIMITS = text("""
    SELECT current_setting('max_connections')::int
               - current_setting('superuser_reserved_connections')::int AS of_server,
           (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS of_role,
           (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS of_database,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS n_open
    """)


def check_directory(engine: Engine) -> list[Check]:
    """Return a failure where a SQLite file has no place to be; nothing where it has."""
    path = sqlite_path(engine)
    if path is None or path.parent.is_dir():
        return []
    directory = path.absolute().parent
    told = f"There is no directory {directory} for the file {path.name}."
    remedy = f"Check DATABASE_URL, or: mkdir -p {directory} && {UPGRADE}"
    return [Check("database", Verdict.FAILURE, told, remedy)]


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


def check_schema(schema: Schema) -> Check:
    """Judge the tables. That a newer release migrated them is no failure of the older ones."""
    found, wanted = schema.found, schema.wanted
    match schema.state:
        case SchemaState.CURRENT:
            return Check("migrations", Verdict.OK, f"The tables are those of revision {wanted}.")
        case SchemaState.AHEAD:
            told = (
                f"A newer release has brought the tables to {found}, beyond {wanted} of this one."
            )
            return Check("migrations", Verdict.OK, told)
        case SchemaState.EMPTY:
            told = "The database was never migrated: there are no tables."
        case SchemaState.BEHIND:
            told = f"The tables are those of revision {found}; this release needs {wanted}."
        case SchemaState.UNKNOWN:
            told = f"The tables are of revision {found}, which is none of this product's."
            remedy = "Check DATABASE_URL: it seems to name another program's database."
            return Check("migrations", Verdict.FAILURE, told, remedy)
    return Check("migrations", Verdict.FAILURE, told, UPGRADE)


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

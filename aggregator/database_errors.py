"""What databases raise: alike on all of them, and in one line."""

from __future__ import annotations

from sqlite3 import Error as SQLiteError

from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from aggregator.errors import DatabaseNotMigrated

#: What is raised while the database is away, overloaded or not migrated: the same call may
#: succeed later.
DATABASE_UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout, DatabaseNotMigrated)

#: How a missing table or column is told by PostgreSQL, and by SQLite.
_MISSING_CODES = ("42P01", "42703")
_MISSING_WORDS = ("no such table", "no such column", "has no column named")


def first_line(error: BaseException) -> str:
    """Return what a database error says, without the hints and the SQL that follow."""
    return str(error).splitlines()[0]


@event.listens_for(Engine, "handle_error", retval=True)
def _notice_missing_tables(context: ExceptionContext) -> Exception | None:
    """Return what is raised instead, on every database, where a table or a column is not there."""
    error = context.original_exception
    missing = getattr(error, "pgcode", None) in _MISSING_CODES or (
        isinstance(error, SQLiteError) and any(words in str(error) for words in _MISSING_WORDS)
    )
    return DatabaseNotMigrated(first_line(error)) if missing else None

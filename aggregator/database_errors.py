"""What databases raise: alike on all of them, and in one line."""

from __future__ import annotations

from sqlite3 import Error as SQLiteError

from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from aggregator.errors import DatabaseNotMigrated

#: All that is raised by asking a database.
DATABASE_ERRORS = (SQLAlchemyError, DatabaseNotMigrated)

#: What is raised while the database is away, overloaded or not migrated: the same call may
#: succeed later.
DATABASE_UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout, DatabaseNotMigrated)

#: How a missing table or column is told by PostgreSQL, and by SQLite.
_MISSING_CODES = ("42P01", "42703")
_MISSING_WORDS = ("no such table", "no such column", "has no column named")
#: How PostgreSQL tells that it only reads, such as a replica or one whose disk is full, and that
#: the role may not do this, such as one that lost its rights to a plan's limit.
_REFUSED_CODES = ("25006", "42501")


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


@event.listens_for(Engine, "handle_error", retval=True)
def _notice_refusals(context: ExceptionContext) -> Exception | None:
    """Return what is raised instead where PostgreSQL does not let us, as SQLite does then."""
    error = context.original_exception
    if getattr(error, "pgcode", None) not in _REFUSED_CODES:
        return None
    return OperationalError(context.statement, None, error)


@event.listens_for(Engine, "handle_error", retval=True)
def _notice_lost_connections(context: ExceptionContext) -> Exception | None:
    """Return what is raised instead where a connection was lost, whatever the driver calls it.

    Of a server that dies between two statements, psycopg2 says so with a bare DatabaseError.
    """
    if not context.is_disconnect or isinstance(context.sqlalchemy_exception, OperationalError):
        return None
    return OperationalError(context.statement, None, context.original_exception)

"""A look at the database that is over soon, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from aggregator.db import reading
from aggregator.errors import DatabaseNotMigrated

#: Statements that take longer are cancelled, in milliseconds.
_LONGEST_MS = "2000"


@contextmanager
def brief_reading(engine: Engine) -> Iterator[Session]:
    """Open a transaction that only reads, and in which no statement hangs.

    :raises DatabaseNotMigrated: There is no SQLite file; connecting would make an empty one.
    """
    path = sqlite_path(engine)
    if path and not path.exists():
        raise DatabaseNotMigrated(f"there is no file {path.absolute()}")
    with reading(engine) as session:
        if engine.dialect.name == "postgresql":
            # Of this transaction only: behind PgBouncer the session is not ours.
            limit = text("SELECT set_config('statement_timeout', :limit, true)")
            session.execute(limit, {"limit": _LONGEST_MS})
        yield session


def sqlite_path(engine: Engine) -> Path | None:
    """Return the file of a SQLite database; None where it is of another kind, or in memory."""
    name = engine.url.database or ""
    if engine.dialect.name != "sqlite" or name in ("", ":memory:") or name.startswith("file:"):
        return None
    return Path(name)

"""Which tables the database has, by its revision, and which the code works with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from aggregator.db import MIGRATIONS
from aggregator.errors import DatabaseNotMigrated


class SchemaState(StrEnum):
    """How the database's revision stands to the code's."""

    CURRENT = "current"
    EMPTY = "empty"
    """It was never migrated."""
    BEHIND = "behind"
    AHEAD = "ahead"
    """A newer release migrated it, which this one can work with: nothing is removed before
    the release that no longer needs it has replaced all others."""
    UNKNOWN = "unknown"
    """No release of the product made it what it is."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The revision of the database, beside that of the code."""

    found: str | None
    """None where the database was never migrated."""
    wanted: str
    state: SchemaState

    @property
    def is_usable(self) -> bool:
        """Tell whether the code can work with it."""
        return self.state in (SchemaState.CURRENT, SchemaState.AHEAD)


def read_schema(connection: Connection) -> Schema:
    """Return how the database stands."""
    heads = MigrationContext.configure(connection).get_current_heads()
    found = ", ".join(heads) or None
    known = _known_revisions()
    return Schema(found, known[-1], _judge(found, known))


def require_schema(engine: Engine) -> None:
    """Make sure that the code can work with the database.

    :raises DatabaseNotMigrated: It cannot.
    """
    with engine.connect() as connection:
        schema = read_schema(connection)
    if not schema.is_usable:
        found = f"revision {schema.found}" if schema.found else "no tables"
        raise DatabaseNotMigrated(f"{found}, where {schema.wanted} is needed")


def _judge(found: str | None, known: Sequence[str]) -> SchemaState:
    """Compare a revision with those of the code, oldest first. They are numbers in words."""
    if found is None:
        return SchemaState.EMPTY
    if found in known:
        return SchemaState.CURRENT if found == known[-1] else SchemaState.BEHIND
    is_newer = found.isdecimal() and int(found) > int(known[-1])
    return SchemaState.AHEAD if is_newer else SchemaState.UNKNOWN


@cache
def _known_revisions() -> tuple[str, ...]:
    scripts = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    return tuple(script.revision for script in scripts)[::-1]

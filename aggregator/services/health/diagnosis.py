"""Everything that can be looked at, each by itself: no failure hides another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

from aggregator.database_errors import DATABASE_ERRORS, first_line
from aggregator.errors import DatabaseNotMigrated
from aggregator.services.health.brief_reading import brief_reading
from aggregator.services.health.catalogue import (
    REGISTER,
    SYNC,
    examine_freshness,
    examine_pollers,
    examine_registrations,
    examine_tokens,
)
from aggregator.services.health.check import Check, Verdict, not_known, worst
from aggregator.services.health.clock import examine_clock, examine_pollers_clocks
from aggregator.services.health.configuration import check_settings
from aggregator.services.health.database import (
    UPGRADE,
    check_directory,
    examine_connections,
    examine_database,
    examine_migrations,
)
from aggregator.services.health.subject import Examination, Subject
from aggregator.services.health.upstream import (
    SIGN_UP,
    check_offers_service,
    examine_access,
    examine_pace,
    find_registered,
    find_token,
)
from aggregator.services.health.writing import examine_writing

log = structlog.get_logger(__name__)

_CONNECT = """psql "$DATABASE_URL" -c 'SELECT 1'"""
#: Where one of these fails, no command that calls the offers service can help.
_OF_CALLS = ("access token", "offers service")
_ACCESS_FIRST = "Mend the access to the offers service first."
#: What needs a database that answers.
_OF_SERVER: Mapping[str, Examination] = {
    "writing": examine_writing,
    "connections": examine_connections,
    "clock": examine_clock,
}
#: What needs tables as well.
_OF_TABLES: Mapping[str, Examination] = {
    "access token": examine_access,
    "pace": examine_pace,
    "poller": examine_pollers,
    "clock": examine_pollers_clocks,
    "freshness": examine_freshness,
    "registrations": examine_registrations,
    "API tokens": examine_tokens,
}


def diagnose(subject: Subject, environ: Mapping[str, str]) -> list[Check]:
    """Return every check, with what others depend on first. Change nothing; obtain no token.

    :param environ: the variables that the settings were read from.
    """
    checks = list(_diagnose(subject, environ))
    if worst(check for check in checks if check.name in _OF_CALLS) is not Verdict.FAILURE:
        return checks
    return [
        replace(check, remedy=_ACCESS_FIRST) if check.remedy in (SIGN_UP, SYNC, REGISTER) else check
        for check in checks
    ]


def _diagnose(subject: Subject, environ: Mapping[str, str]) -> Iterator[Check]:
    yield from _guarded("settings", lambda: check_settings(subject.settings, environ))
    database = check_directory(subject.engine) or _examine(subject, "database", examine_database)
    yield from database
    if worst(database) is Verdict.FAILURE:
        names = dict.fromkeys([*_OF_SERVER, "migrations", *_OF_TABLES])
        yield from not_known(names, "the database answers")
    else:
        yield from _examine_all(subject, _OF_SERVER)
        yield from _examine_tables(subject)
    yield from _guarded("offers service", lambda: _examine_upstream(subject))


def _examine_tables(subject: Subject) -> Iterator[Check]:
    migrations = _examine(subject, "migrations", examine_migrations)
    yield from migrations
    if worst(migrations) is Verdict.FAILURE:
        yield from not_known(_OF_TABLES, "the database is migrated")
    else:
        yield from _examine_all(subject, _OF_TABLES)


def _examine_upstream(subject: Subject) -> list[Check]:
    token = product_id = None
    with suppress(*DATABASE_ERRORS), brief_reading(subject.engine) as session:
        token, product_id = find_token(subject, session), find_registered(session)
    # No connection to the database is held while the service is waited for.
    return [check_offers_service(subject, token, product_id)]


def _examine_all(subject: Subject, examinations: Mapping[str, Examination]) -> Iterator[Check]:
    for name, examination in examinations.items():
        yield from _examine(subject, name, examination)


def _examine(subject: Subject, name: str, examination: Examination) -> list[Check]:
    def look() -> list[Check]:
        with brief_reading(subject.engine) as session:
            return examination(subject, session)

    return _guarded(name, look)


def _guarded(name: str, look: Callable[[], list[Check]]) -> list[Check]:
    """Return what comes of a look, or one failure."""
    try:
        return look()
    except DatabaseNotMigrated as error:
        told, remedy = f"It is not migrated: {error.reason}.", UPGRADE
    except SQLAlchemyError as error:
        told = f"The database cannot be read: {first_line(error)}"
        remedy = f"Check DATABASE_URL, and its server: {_CONNECT}"
    except Exception:
        log.exception("check_crashed", check=name)
        told, remedy = "The check itself crashed.", "Report what stands in the log."
    return [Check(name, Verdict.FAILURE, told, remedy)]

"""Whether this process can answer requests, and how good its answers are."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.database_errors import DATABASE_ERRORS, first_line
from aggregator.services.health.brief_reading import brief_reading
from aggregator.services.health.catalogue import check_freshness, check_pollers
from aggregator.services.health.check import Check, Verdict, not_known
from aggregator.services.health.database import check_schema
from aggregator.services.pollers import list_pollers
from aggregator.services.schema import read_schema
from aggregator.services.standing import find_standing
from aggregator.single_flight import SingleFlight

log = structlog.get_logger(__name__)

#: The checks that need tables.
_OF_TABLES = ("poller", "freshness")


class Readiness:
    """Looks at the database for all who ask at the same time, and for nobody too long.

    :param stale_after: how long data counts as fresh.
    :param within_s: how long a look may take.
    """

    def __init__(self, engine: Engine, *, stale_after: timedelta, within_s: float = 4.0) -> None:
        self._engine = engine
        self._stale_after = stale_after
        self._look = SingleFlight(self._checks, within_s=within_s)

    def checks(self) -> list[Check]:
        """Return the checks ``database``, ``migrations``, ``poller`` and ``freshness``."""
        try:
            return self._look.result()
        except TimeoutError:
            log.warning("database_unavailable", reason="it did not answer in time")
            return _away("It does not answer in time.")

    def _checks(self) -> list[Check]:
        now = utc_now()
        try:
            with brief_reading(self._engine) as session:
                schema = read_schema(session.connection())
                checks = [Check("database", Verdict.OK, "It answers."), check_schema(schema)]
                if not schema.is_usable:
                    return [*checks, *not_known(_OF_TABLES, "the database is migrated")]
                standing = find_standing(session, now=now, stale_before=now - self._stale_after)
                pollers = list_pollers(session)
                return [*checks, check_pollers(pollers, now), check_freshness(standing, now)]
        except DATABASE_ERRORS as error:
            log.warning("database_unavailable", reason=first_line(error))
            return _away("It cannot be read.")


def _away(told: str) -> list[Check]:
    return [
        Check("database", Verdict.FAILURE, told),
        *not_known(("migrations", *_OF_TABLES), "the database answers"),
    ]

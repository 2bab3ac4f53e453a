"""Whether this process can answer requests, and how good its answers are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from aggregator.clock import utc_now
from aggregator.database_errors import first_line
from aggregator.errors import DatabaseNotMigrated
from aggregator.models import Poller
from aggregator.services.health.brief import brief_reading
from aggregator.services.health.check import Check, Verdict, count, in_words
from aggregator.services.health.figures import Freshness, read_freshness
from aggregator.services.pollers import GONE_AFTER, list_pollers
from aggregator.services.schema import Schema, SchemaState, read_schema
from aggregator.single_flight import SingleFlight

log = structlog.get_logger(__name__)

#: The data counts as stale where this share of the products is.
_STALE_SHARE = 0.1
UPGRADE = "flask --app wsgi db upgrade"


class Readiness:
    """Looks at the database for all who ask at the same time, and for nobody too long.

    :param stale_after: how long data counts as fresh.
    :param within_s: how long a look may take.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        stale_after: timedelta,
        within_s: float = 4.0,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._engine = engine
        self._stale_after = stale_after
        self._clock = clock
        self._look = SingleFlight(self._checks, within_s=within_s)

    def checks(self) -> list[Check]:
        """Return the checks ``database``, ``migrations``, ``poller`` and ``freshness``."""
        try:
            return self._look.result()
        except TimeoutError:
            log.warning("database_unavailable", reason="it did not answer in time")
            return _away("It does not answer in time.")

    def _checks(self) -> list[Check]:
        now = self._clock()
        try:
            with brief_reading(self._engine) as session:
                schema = read_schema(session.connection())
                checks = [Check("database", Verdict.OK, "It answers."), check_schema(schema)]
                if not schema.is_usable:
                    return [*checks, *_unknown("the database is migrated")]
                freshness = read_freshness(session, stale_before=now - self._stale_after)
                pollers = list_pollers(session)
                return [*checks, check_pollers(pollers, now), check_freshness(freshness, now)]
        except (SQLAlchemyError, DatabaseNotMigrated) as error:
            log.warning("database_unavailable", reason=first_line(error))
            return _away("It cannot be read.")


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


def check_freshness(freshness: Freshness, now: datetime) -> Check:
    """Judge the data: where much of it is stale, the catalogue can still be read."""
    n_products, n_stale = freshness.n_products, freshness.n_stale
    if n_products == 0:
        return Check("freshness", Verdict.OK, "There are no products yet.")
    told = f"Stale: {n_stale:,} of {count(n_products, 'product')}."
    if freshness.oldest_checked_at:
        told += f" The oldest poll was {in_words(now - freshness.oldest_checked_at)} ago."
    is_stale = n_stale >= _STALE_SHARE * n_products
    return Check("freshness", Verdict.WARNING if is_stale else Verdict.OK, told)


def check_pollers(pollers: Sequence[Poller], now: datetime) -> Check:
    """Judge the pollers, last seen first: without any, the catalogue can still be read."""
    seen = [now - poller.seen_at for poller in pollers]
    if not seen:
        return Check("poller", Verdict.WARNING, "No poller was seen lately.")
    n_running = sum(age <= GONE_AFTER for age in seen)
    last = f"the last was seen {in_words(seen[0])} ago."
    if n_running == 0:
        return Check("poller", Verdict.WARNING, f"No poller runs; {last}")
    verb = "runs" if n_running == 1 else "run"
    return Check("poller", Verdict.OK, f"{count(n_running, 'poller')} {verb}; {last}")


def _away(told: str) -> list[Check]:
    return [
        Check("database", Verdict.FAILURE, told),
        Check("migrations", Verdict.FAILURE, "Not known until the database answers."),
        *_unknown("the database answers"),
    ]


def _unknown(until: str) -> list[Check]:
    told = f"Not known until {until}."
    return [Check(name, Verdict.WARNING, told) for name in ("poller", "freshness")]

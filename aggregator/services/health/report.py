"""How everything is, for a person on duty: the checks, and the figures they go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from aggregator.clock import utc_now
from aggregator.database_errors import DATABASE_ERRORS, first_line
from aggregator.errors import DatabaseNotMigrated
from aggregator.services.health.brief_reading import brief_reading
from aggregator.services.health.catalogue import (
    examine_pollers,
    judge_data,
    judge_registrations,
)
from aggregator.services.health.check import Check, Verdict, not_known
from aggregator.services.health.clock import examine_pollers_clocks
from aggregator.services.health.database import UPGRADE, check_schema
from aggregator.services.health.figures import Figures, read_figures
from aggregator.services.health.headline import Headline, find_headline
from aggregator.services.health.subject import Subject
from aggregator.services.health.upstream import check_offers_service, examine_access, examine_pace
from aggregator.services.offers_service import OffersService
from aggregator.services.schema import read_schema
from aggregator.settings import Settings
from aggregator.single_flight import SingleFlight

log = structlog.get_logger(__name__)

_OF_TABLES = ("access token", "pace", "poller", "freshness", "registrations")
_DOCTOR = "flask --app wsgi doctor"


@dataclass(frozen=True, slots=True)
class Report:
    """How everything was at an instant."""

    now: datetime
    headline: Headline
    checks: Sequence[Check]
    figures: Figures | None
    """None where the database cannot tell."""

    @property
    def troubles(self) -> list[Check]:
        """The checks that a person should look at, the worst first."""
        failed = [check for check in self.checks if check.verdict is Verdict.FAILURE]
        return failed + [check for check in self.checks if check.verdict is Verdict.WARNING]


class Reporter:
    """Reports to all who ask at the same time, and keeps nobody waiting for too long.

    The offers service is not called: what pollers wrote down of it is told.

    :param within_s: how long a look at the database may take.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        offers_service: OffersService,
        *,
        within_s: float = 4.0,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._offers_service = offers_service
        self._look = SingleFlight(self._report, within_s=within_s)

    def report(self) -> Report:
        """Return how everything is. Never raises because of the database."""
        try:
            return self._look.result()
        except TimeoutError:
            log.warning("database_unavailable", reason="it did not answer in time")
            return _make_report(utc_now(), _away("It does not answer in time."))

    def _report(self) -> Report:
        subject = Subject(
            settings=self._settings,
            engine=self._engine,
            offers_service=self._offers_service,
            now=utc_now(),
        )
        try:
            with brief_reading(self._engine) as session:
                return _examine(subject, session)
        except DatabaseNotMigrated as error:
            log.warning("database_unavailable", reason=error.reason)
            return _make_report(subject.now, _missing())
        except DATABASE_ERRORS as error:
            log.warning("database_unavailable", reason=first_line(error))
            return _make_report(subject.now, _away("It cannot be read."))


def _examine(subject: Subject, session: Session) -> Report:
    schema = read_schema(session.connection())
    of_database = [Check("database", Verdict.OK, "It answers."), check_schema(schema)]
    if not schema.is_usable:
        unknown = not_known(_OF_TABLES, "the database is migrated")
        return _make_report(subject.now, [*of_database, *unknown])
    figures = read_figures(subject, session)
    checks = [
        *of_database,
        *_examine_upstream(subject, session),
        *examine_pollers(subject, session),
        *examine_pollers_clocks(subject, session),
        judge_data(figures.standing, figures.errors, subject.now),
        *judge_registrations(figures.standing, figures.refusals),
    ]
    return _make_report(subject.now, checks, figures)


def _examine_upstream(subject: Subject, session: Session) -> list[Check]:
    if subject.offers_service.base_url is None:
        return [check_offers_service(subject, None, None)]
    return [*examine_access(subject, session), *examine_pace(subject, session)]


def _make_report(now: datetime, checks: Sequence[Check], figures: Figures | None = None) -> Report:
    standing = figures.standing if figures else None
    return Report(now, find_headline(checks, standing, now), checks, figures)


def _missing() -> list[Check]:
    told = "There is no database yet; the migrations make it."
    return [
        Check("migrations", Verdict.FAILURE, told, UPGRADE),
        *not_known(("database", *_OF_TABLES), "the database is migrated"),
    ]


def _away(told: str) -> list[Check]:
    return [
        Check("database", Verdict.FAILURE, told, _DOCTOR),
        *not_known(("migrations", *_OF_TABLES), "the database answers"),
    ]

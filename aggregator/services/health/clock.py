"""The clocks of those who share the database: leases and staleness go by them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from aggregator.clock import utc_now
from aggregator.services.health.check import Check, Verdict
from aggregator.services.health.subject import Subject
from aggregator.services.pollers import list_pollers

#: Clocks may differ by this much.
_SKEW = timedelta(seconds=2)
_REMEDY = "sudo timedatectl set-ntp true   # on every machine"


def examine_clock(subject: Subject, session: Session) -> list[Check]:
    """Compare this machine's clock with the database's."""
    if subject.engine.dialect.name == "sqlite":
        return []
    before = utc_now()
    theirs: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    ahead = theirs - (before + (utc_now() - before) / 2)
    told = f"The database's and ours differ by {abs(ahead).total_seconds():.1f} s."
    if abs(ahead) <= _SKEW:
        return [Check("clock", Verdict.OK, told)]
    return [Check("clock", Verdict.WARNING, told, _REMEDY)]


def examine_pollers_clocks(_subject: Subject, session: Session) -> list[Check]:
    """Find the pollers that were seen in our future."""
    now = utc_now()
    ahead = {
        poller.host: poller.seen_at - now
        for poller in list_pollers(session)
        if poller.seen_at - now > _SKEW
    }
    return [
        Check(
            "clock",
            Verdict.WARNING,
            f"That of {host}, where a poller runs, is {by.total_seconds():.0f} s ahead of ours.",
            _REMEDY,
        )
        for host, by in ahead.items()
    ]

"""How everything is, in one sentence. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.services.health.check import Check, Verdict, count, in_words, worst
from aggregator.services.standing import Standing

_FAILED = {
    "database": "The database cannot be read: nothing is answered, and nothing polled.",
    "migrations": "The database is not migrated: nothing is answered, and nothing polled.",
    "access token": "Without an access token nothing can be polled. {detail}",
    "offers service": "No offers service is configured: nothing can be polled.",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """The sentence, and how bad it is."""

    verdict: Verdict
    told: str


def find_headline(checks: Sequence[Check], standing: Standing | None, now: datetime) -> Headline:
    """Return what matters most.

    :param standing: None where the database cannot tell.
    """
    for check in checks:
        if check.verdict is Verdict.FAILURE:
            told = _FAILED.get(check.name, "{detail}")
            return Headline(Verdict.FAILURE, told.format(detail=check.detail))
    verdict = worst(check for check in checks if check.verdict is not Verdict.SKIPPED)
    if standing is None:
        return Headline(verdict, "The database tells nothing of products.")
    if standing.pollers == 0:
        return Headline(verdict, _tell_silence(standing, now))
    return Headline(verdict, _tell_data(standing, verdict, now))


def _tell_silence(standing: Standing, now: datetime) -> str:
    if standing.newest_checked_at is None:
        return "Nothing was ever polled: no poller is running."
    silence = in_words(now - standing.newest_checked_at)
    return f"Nothing was polled for {silence}: no poller is running."


def _tell_data(standing: Standing, verdict: Verdict, now: datetime) -> str:
    pollers = count(standing.pollers, "poller")
    if standing.products == 0:
        return f"All is well: {pollers}, and no products yet."
    if verdict is Verdict.OK:
        age = in_words(now - (standing.oldest_checked_at or now))
        return f"All is well: {pollers}, no data older than {age}."
    if standing.fresh == 0 and standing.newest_checked_at:
        silence = in_words(now - standing.newest_checked_at)
        are = "is" if standing.pollers == 1 else "are"
        return f"Nothing was polled for {silence}, although {pollers} {are} at work."
    amiss = ", ".join(_tell_amiss(standing))
    products = count(standing.products, "product")
    return f"{pollers[0].upper()}{pollers[1:]} at work; of {products}, {amiss or 'all are fresh'}."


def _tell_amiss(standing: Standing) -> list[str]:
    kinds = (
        (standing.overdue, "stale"),
        (standing.failing - standing.registrations_refused, "failing"),
        (standing.registrations_pending, "to be registered yet"),
        (standing.registrations_refused, "refused"),
    )
    return [f"{n:,} {kind}" for n, kind in kinds if n > 0]

"""The catalogue and who keeps it: pollers, freshness, registrations, tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from aggregator.models import Poller, ProductSync
from aggregator.services.api_tokens import WRITE, list_tokens
from aggregator.services.health.check import Check, Verdict, count, in_words
from aggregator.services.health.subject import Subject
from aggregator.services.pollers import GONE_AFTER, list_pollers
from aggregator.services.standing import Commonest, Standing, find_commonest, find_standing

#: The data counts as stale where this share of the products is overdue.
_STALE_SHARE = 0.1
SYNC = "flask --app wsgi products sync"
REGISTER = "flask --app wsgi products register"


def examine_pollers(subject: Subject, session: Session) -> list[Check]:
    """Judge the pollers, and tell which was seen when and where."""
    pollers = list_pollers(session)
    check = check_pollers(pollers, subject.now)
    seen = [
        f"{poller.host} (process {poller.pid}, {in_words(subject.now - poller.seen_at)} ago)"
        for poller in pollers
    ]
    if seen:
        check = replace(check, detail=f"{check.detail} Seen: {', '.join(seen)}.")
    if check.verdict is not Verdict.OK:
        check = replace(check, remedy="python -m poller")
    return [check, *_on_several_hosts(subject, pollers)]


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


def _on_several_hosts(subject: Subject, pollers: Sequence[Poller]) -> list[Check]:
    running = {p.host for p in pollers if subject.now - p.seen_at <= GONE_AFTER}
    if len(running) < 2 or subject.engine.dialect.name != "sqlite":
        return []
    told = f"Pollers on {', '.join(sorted(running))} share a SQLite file; only one machine may."
    return [Check("poller", Verdict.WARNING, told, "Let DATABASE_URL name a PostgreSQL server.")]


def examine_freshness(subject: Subject, session: Session) -> list[Check]:
    """Judge the data, and tell what keeps it from being fresh."""
    standing = find_standing(session, now=subject.now, stale_before=subject.stale_before)
    return [judge_data(standing, find_commonest(session, ProductSync.last_error), subject.now)]


def judge_data(standing: Standing, errors: Sequence[Commonest], now: datetime) -> Check:
    """Judge the data more strictly than :func:`check_freshness`.

    :param errors: the last ones of products, the commonest first.
    """
    check = check_freshness(standing, now)
    if standing.products == 0:
        return check
    told = f"{check.detail} {standing.due:,} due now, {standing.failing:,} failing by themselves."
    if errors:
        n, error = count(errors[0].n, "product"), errors[0].error
        told += f" Commonest last error, of {n}: {error}."
    if standing.overdue or standing.failing:
        return Check("freshness", Verdict.WARNING, told, SYNC)
    return replace(check, detail=told)


def check_freshness(standing: Standing, now: datetime) -> Check:
    """Judge the data: where much of it is stale, the catalogue can still be read."""
    if standing.products == 0:
        return Check("freshness", Verdict.OK, "There are no products yet.")
    told = f"Overdue: {standing.overdue:,} of {count(standing.products, 'product')}."
    if standing.oldest_checked_at:
        age = in_words(now - standing.oldest_checked_at)
        told += f" The oldest poll of those that do not fail was {age} ago."
    is_stale = standing.overdue >= _STALE_SHARE * standing.products
    return Check("freshness", Verdict.WARNING if is_stale else Verdict.OK, told)


def examine_registrations(subject: Subject, session: Session) -> list[Check]:
    """Judge what the offers service does not know, or does not want to."""
    standing = find_standing(session, now=subject.now, stale_before=subject.stale_before)
    return judge_registrations(standing, find_commonest(session, ProductSync.registration_error))


def judge_registrations(standing: Standing, refusals: Sequence[Commonest]) -> list[Check]:
    """Judge the same by its numbers.

    :param refusals: why products are refused, the commonest first.
    """
    n_pending, n_refused = standing.registrations_pending, standing.registrations_refused
    checks = []
    if n_pending:
        told = f"{count(n_pending, 'product')} to be registered yet."
        checks.append(Check("registrations", Verdict.WARNING, told, REGISTER))
    if refusals:
        told = f"{count(n_refused, 'product')} refused for good. Commonest: {refusals[0].error}"
        remedy = "Change what is refused: PATCH /api/v1/products/<id>"
        checks.append(Check("registrations", Verdict.WARNING, told, remedy))
    return checks or [Check("registrations", Verdict.OK, "None is pending.")]


def examine_tokens(subject: Subject, session: Session) -> list[Check]:
    """Tell whether anybody can do what ``API_AUTH`` asks a token for."""
    auth = subject.settings.api_auth
    if auth == "off":
        told = "API_AUTH is off: whoever reaches the API may use it."
        return [Check("API tokens", Verdict.OK, told)]
    good = [token for token in list_tokens(session) if token.state(subject.now) == "active"]
    useful = [token for token in good if auth == "all" or token.scope == WRITE]
    if useful:
        told = f"API_AUTH is {auth}; {count(len(useful), 'token')} good for that."
        return [Check("API tokens", Verdict.OK, told)]
    told = f"API_AUTH is {auth}, and there is no good token: every such call is refused."
    remedy = "flask --app wsgi tokens create NAME --scope write"
    return [Check("API tokens", Verdict.WARNING, told, remedy)]

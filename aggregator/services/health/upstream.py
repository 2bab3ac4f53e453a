"""The offers service and the access to it. Nothing here signs up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.models import ProductSync
from aggregator.offers_errors import (
    OffersServiceError,
    OffersServiceNotConfigured,
    OffersServiceUnauthorized,
    UnknownProduct,
)
from aggregator.services.access import AccessState, StoredAccess, find_access
from aggregator.services.health.check import Check, Verdict, count, in_words
from aggregator.services.health.subject import Subject
from aggregator.services.pace import find_rate
from aggregator.services.rates import Limits

SIGN_UP = "flask --app wsgi offers-service signup"
_WAIT = (
    "Wait: it ends within 5 minutes, and a poller gets the next. Does it come back? Find the "
    'other installation: docs/operations.md, "The access token is lost or refused".'
)
#: What is sent where no good token is stored: that it is refused tells that somebody is there.
_NO_TOKEN = "none"  # noqa: S105 - it opens nothing


def examine_access(subject: Subject, session: Session) -> list[Check]:
    """Judge the stored access token."""
    base_url = subject.offers_service.base_url
    if base_url is None:
        return []
    return [_check_access(find_access(session, base_url), subject.now)]


def _check_access(stored: StoredAccess | None, now: datetime) -> Check:
    if stored and stored.last_error:
        told = f"None is to be had: {stored.last_error}."
        if stored.state(now) is AccessState.REFUSED:
            told = f"By its date it is good, but another was asked for since. {told}"
        remedy = (
            _WAIT if stored.another_is_valid else f"Check OFFERS_REFRESH_TOKEN, then: {SIGN_UP}"
        )
        return Check("access token", Verdict.FAILURE, told, remedy)
    token = stored.token if stored else None
    if token is None:
        told = "None is stored yet; the first call gets one."
    elif token.expires_at is None:
        told = "It is good until it is refused."
    elif token.expires_at <= now:
        told = "It has expired; the next call gets another."
    else:
        told = f"It is good for another {in_words(token.expires_at - now)}."
    return Check("access token", Verdict.OK, told)


def examine_pace(subject: Subject, session: Session) -> list[Check]:
    """Tell whether pollers ask less often than they would, for the service's sake."""
    base_url, settings = subject.offers_service.base_url, subject.settings
    agreed_alone = replace(Limits.from_settings(settings), max_per_s=None)
    per_s = find_rate(session, base_url or "", agreed_alone, now=subject.now)
    if per_s is None:
        return []
    told = f"After a 429 or an outage all pollers together send {per_s:,.1f} requests a second."
    remedy = "Wait: it doubles each interval. Does it come back? Set a lower POLL_MAX_PER_S."
    return [Check("pace", Verdict.WARNING, told, remedy)]


def find_token(subject: Subject, session: Session) -> str | None:
    """Return the stored access token; None where it has expired, as that says all."""
    stored = find_access(session, subject.offers_service.base_url or "")
    if stored is None or stored.state(subject.now) is AccessState.EXPIRED:
        return None
    return stored.value


def find_registered(session: Session) -> UUID | None:
    """Return a product that the offers service should know."""
    return session.scalar(
        select(ProductSync.product_id).where(ProductSync.registered_at.is_not(None)).limit(1)
    )


def check_offers_service(subject: Subject, token: str | None, product_id: UUID | None) -> Check:
    """Make a real call with what is stored.

    :param token: None where no good one is stored.
    :param product_id: one that the service should know; None where there is none.
    """
    service = subject.offers_service
    try:
        snapshot = service.probe(product_id or uuid4(), token or _NO_TOKEN)
    except OffersServiceError as error:
        return Check("offers service", *_judge(error, service.base_url, token, product_id))
    n_offers = count(len(snapshot.offers), "offer")
    told = f"It answers as generation {service.generation} does: {n_offers} of a product."
    return Check("offers service", Verdict.OK, told)


def _judge(
    error: OffersServiceError, base_url: str | None, token: str | None, product_id: UUID | None
) -> tuple[Verdict, str, str | None]:
    """Return verdict, detail and remedy. Some errors are just what was to be expected."""
    match error:
        case OffersServiceNotConfigured():
            told = "None is configured: nothing is registered, and nothing polled."
            return Verdict.FAILURE, told, "export OFFERS_BASE_URL=https://…/api/v1"
        case OffersServiceUnauthorized() if token is None:
            return Verdict.OK, "It can be reached. Without a good token no more can be tried.", None
        case OffersServiceUnauthorized():
            told = "It refuses the stored token, though that has not expired."
            return Verdict.WARNING, told, SIGN_UP
        case UnknownProduct() if product_id is None:
            return Verdict.OK, "It answers.", None
        case UnknownProduct():
            told = f"It answers, but does not know product {product_id}, which was registered."
            remedy = "Check OFFERS_BASE_URL. A service that was reset learns all products again."
            return Verdict.WARNING, told, remedy
    remedy = f"curl -i {base_url}/products/{UUID(int=0)}/offers   # A service that is well: 401"
    return Verdict.FAILURE, f"A call failed: {error}.", remedy

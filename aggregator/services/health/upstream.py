"""The offers service and the access to it. Nothing here signs up."""

from __future__ import annotations

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
from aggregator.services.access import find_access
from aggregator.services.health.check import Check, Verdict, count, in_words
from aggregator.services.health.subject import Subject

_SIGN_UP = "flask --app wsgi offers-service signup"
#: What is sent where no token is stored: that it is refused tells that somebody is there.
_NO_TOKEN = "none"  # noqa: S105 - it opens nothing


def examine_access(subject: Subject, session: Session) -> list[Check]:
    """Judge the stored access token."""
    base_url = subject.offers_service.base_url
    if base_url is None:
        return []
    stored = find_access(session, base_url)
    token = stored.token if stored else None
    if token and (token.expires_at is None or token.expires_at > subject.now):
        left = in_words(token.expires_at - subject.now) if token.expires_at else None
        told = f"It is good for another {left}." if left else "It is good until it is refused."
        return [Check("access token", Verdict.OK, told)]
    if stored and stored.last_error:
        told = f"None is to be had: {stored.last_error}."
        remedy = f"Check OFFERS_REFRESH_TOKEN, then: {_SIGN_UP}"
        return [Check("access token", Verdict.FAILURE, told, remedy)]
    told = "It has expired" if token else "None is stored yet"
    return [Check("access token", Verdict.WARNING, f"{told}; the next call gets one.", _SIGN_UP)]


def find_token(subject: Subject, session: Session) -> str | None:
    """Return the stored access token, good or not."""
    stored = find_access(session, subject.offers_service.base_url or "")
    return stored.value if stored else None


def find_registered(session: Session) -> UUID | None:
    """Return a product that the offers service should know."""
    return session.scalar(
        select(ProductSync.product_id).where(ProductSync.registered_at.is_not(None)).limit(1)
    )


def check_offers_service(subject: Subject, token: str | None, product_id: UUID | None) -> Check:
    """Make a real call with what is stored.

    :param token: None where none is stored.
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
            return Verdict.OK, "It can be reached. Without a token no more can be tried.", None
        case OffersServiceUnauthorized():
            told = "It refuses the stored token: it has expired, or somebody else signed up since."
            return Verdict.WARNING, told, _SIGN_UP
        case UnknownProduct() if product_id is None:
            return Verdict.OK, "It answers.", None
        case UnknownProduct():
            told = f"It answers, but does not know product {product_id}, which was registered."
            remedy = "Check OFFERS_BASE_URL. A service that was reset learns all products again."
            return Verdict.WARNING, told, remedy
    return Verdict.FAILURE, f"A call failed: {error}.", f"curl -i {base_url}"

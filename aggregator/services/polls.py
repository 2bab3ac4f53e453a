"""One attempt at one claimed product: register it if need be, then ask for its offers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import structlog

from aggregator.clock import utc_now
from aggregator.database_errors import DATABASE_UNAVAILABLE, first_line
from aggregator.offers_errors import (
    AccessTokenUnavailable,
    AccessTokenUnreadable,
    AttemptCrashed,
    OffersServiceError,
    OffersServiceNotConfigured,
    OffersServiceRejected,
    OffersServiceUnreachable,
    TooManyRequests,
    UnknownProduct,
)
from aggregator.offers_wire import Snapshot
from aggregator.services.claims import Claim
from aggregator.services.offers_service import OffersService

#: 422 in generation 2, 400 in generation 1. Anything else (403, 404, …) speaks of the set-up.
_REFUSED_FOR_GOOD = {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_REQUEST}

#: Errors that any other product would have met just as well.
_BLAMELESS = (
    AccessTokenUnavailable,
    AccessTokenUnreadable,
    OffersServiceNotConfigured,
    OffersServiceUnreachable,
    TooManyRequests,
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt. Nothing is stored yet."""

    claim: Claim
    registered_at: datetime | None = None
    """Set where the attempt registered the product."""
    snapshot: Snapshot | None = None
    """Set where the product's offers were read."""
    error: OffersServiceError | None = None
    """Why the attempt ended early; None where it did not."""
    deferred: bool = False
    """The product was not asked about, or its error could not be its own: it stays due."""
    excused: bool = False
    """The service as a whole is down: the product's back-off does not grow."""

    @property
    def forgotten(self) -> bool:
        """The service no longer knows a product that was registered before the attempt."""
        return self.claim.registration is None and isinstance(self.error, UnknownProduct)

    @property
    def rejected(self) -> bool:
        """The service refused the product itself, as it stands."""
        unregistered = self.claim.registration is not None and self.registered_at is None
        return (
            unregistered
            and isinstance(self.error, OffersServiceRejected)
            and self.error.status in _REFUSED_FOR_GOOD
        )

    @property
    def answered(self) -> bool:
        """The service gave an answer that one would expect of it, liked or not."""
        if self.error is None:
            registered_now = self.registered_at is not None and not self.deferred
            return self.snapshot is not None or registered_now
        return isinstance(self.error, UnknownProduct | OffersServiceRejected)


def poll_product(offers_service: OffersService, claim: Claim) -> Outcome:
    """Ask for a product's offers, after registering it where it is not. Never raises."""
    return _attempt(offers_service, claim, fetch=True)


def register_product(offers_service: OffersService, claim: Claim) -> Outcome:
    """Register a product where it is not registered yet. Never raises."""
    return _attempt(offers_service, claim, fetch=False)


def read_answer(
    claim: Claim, registered_at: datetime | None, answer: Snapshot | OffersServiceError
) -> Outcome:
    """Return the outcome of an attempt that ended with this answer for the product's offers.

    :param registered_at: set where the attempt registered the product before.
    """
    if isinstance(answer, Snapshot):
        _report_invalid(claim, answer)
        return Outcome(claim, registered_at, answer)
    return Outcome(claim, registered_at, error=answer, deferred=isinstance(answer, _BLAMELESS))


def _attempt(offers_service: OffersService, claim: Claim, *, fetch: bool) -> Outcome:
    registered_at = None
    answer: Snapshot | OffersServiceError | None = None
    try:
        if claim.registration is not None:
            text = claim.registration
            offers_service.register(claim.product_id, text.name, text.description)
            registered_at = utc_now()
            log.info("product_registered", product_id=claim.product_id)
        if fetch:
            answer = offers_service.fetch_offers(claim.product_id)
    except OffersServiceError as error:
        answer = error
    except DATABASE_UNAVAILABLE as error:
        answer = AccessTokenUnreadable(first_line(error))
    except Exception:
        # A product that trips a fault of ours backs off like any other that fails. Were the
        # exception let through, it would end the batch, and the next one, for ever.
        log.exception("attempt_crashed", product_id=claim.product_id)
        answer = AttemptCrashed()
    if answer is None:
        return Outcome(claim, registered_at)
    return read_answer(claim, registered_at, answer)


def _report_invalid(claim: Claim, snapshot: Snapshot) -> None:
    if snapshot.invalid:
        log.warning(
            "offers_invalid",
            product_id=claim.product_id,
            n_invalid=len(snapshot.invalid),
            first={str(item.id): item.reason for item in snapshot.invalid[:3]},
        )

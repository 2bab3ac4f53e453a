"""Registering a product at once, for somebody who waits."""

from __future__ import annotations

from dataclasses import replace

import structlog

from aggregator.database_errors import DATABASE_UNAVAILABLE, first_line
from aggregator.offers_errors import OffersServiceUnavailable
from aggregator.services.claims import Claim
from aggregator.services.offers_service import OffersService
from aggregator.services.polls import register_product
from aggregator.services.recorder import Recorder

log = structlog.get_logger(__name__)


def register_now(offers_service: OffersService, recorder: Recorder, claim: Claim) -> None:
    """Register a product that somebody waits for, and record what came of it.

    Where the service is down or slow, the product stays due: a poller registers it as soon
    as it can.
    """
    outcome = register_product(offers_service, claim)
    if isinstance(outcome.error, OffersServiceUnavailable):
        outcome = replace(outcome, deferred=True)
    try:
        recorder.record_registration(outcome)
    except DATABASE_UNAVAILABLE as error:
        # The product stands, and is due again when its lease ends.
        log.warning("registration_not_recorded", reason=first_line(error))

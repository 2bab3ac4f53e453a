"""Every attempt of a poller is counted once, by what came of it."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from aggregator.clock import utc_now
from aggregator.offers_errors import (
    AccessTokenUnavailable,
    OffersServiceError,
    OffersServiceRejected,
    OffersServiceUnavailable,
    OffersServiceUnreachable,
    TooManyRequests,
    UnknownProduct,
)
from aggregator.offers_wire import Snapshot
from aggregator.services.claims import Claim, Registration
from aggregator.services.outcomes import Stored
from aggregator.services.polls import Outcome
from poller.metrics import PollerMetrics

KNOWN = Claim(uuid4(), utc_now(), failures=0, registration=None)
NEW = replace(KNOWN, registration=Registration("Kettle", ""))
SNAPSHOT = Snapshot((), (), utc_now())


def counted(outcome: Outcome, *, lost: bool = False) -> dict[str, float]:
    """Return what is counted of an outcome, by the labels."""
    metrics = PollerMetrics()
    ids = frozenset([outcome.claim.product_id]) if lost else frozenset()
    metrics.stored([outcome], Stored(polled=0, points=0, lost=ids))
    return {
        labels: value
        for (name, labels), value in metrics.totals().items()
        if name == "aggregator_polls_total" and value
    }


@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        (Outcome(KNOWN, snapshot=SNAPSHOT), "answered"),
        (Outcome(NEW, registered_at=utc_now(), snapshot=SNAPSHOT), "answered"),
        (Outcome(KNOWN, deferred=True), "deferred"),
        (Outcome(KNOWN, error=UnknownProduct(KNOWN.product_id)), "forgotten"),
        (Outcome(NEW, error=OffersServiceRejected(422, "no")), "refused"),
        (Outcome(KNOWN, error=OffersServiceRejected(422, "no")), "failed"),
        (Outcome(KNOWN, error=OffersServiceError("a fault")), "failed"),
        (Outcome(KNOWN, error=OffersServiceUnavailable("late")), "unavailable"),
        (Outcome(KNOWN, error=OffersServiceUnreachable("no"), deferred=True), "unreachable"),
        (Outcome(KNOWN, error=AccessTokenUnavailable("no"), deferred=True), "no_token"),
        (Outcome(KNOWN, error=TooManyRequests("429"), deferred=True), "throttled"),
    ],
)
def test_outcome_is_counted_by_its_kind(outcome: Outcome, name: str) -> None:
    assert counted(outcome) == {f'{{"outcome": "{name}"}}': 1}
    assert counted(outcome, lost=True) == {'{"outcome": "lost"}': 1}

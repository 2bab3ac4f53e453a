"""An attempt registers where need be, asks for offers, and never raises."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import Mock, create_autospec
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from aggregator import offers_errors
from aggregator.offers_wire import InvalidOffer, Snapshot
from aggregator.services.claims import Claim, Registration
from aggregator.services.offers_service import OffersService
from aggregator.services.polls import Outcome, poll_product, register_product

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PRODUCT = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
SNAPSHOT = Snapshot((), (), NOW)
KNOWN = Claim(PRODUCT, NOW, 0, None)
NEW = Claim(PRODUCT, NOW, 0, Registration("Kettle", "1.7 l"))
REJECTED = offers_errors.OffersServiceRejected(422, "bad name")
UNKNOWN = offers_errors.UnknownProduct(PRODUCT)


@pytest.fixture
def service() -> Mock:
    service: Mock = create_autospec(OffersService, instance=True)
    service.fetch_offers.return_value = SNAPSHOT
    return service


def test_registered_product_is_only_asked_for(service: Mock) -> None:
    assert poll_product(service, KNOWN) == Outcome(KNOWN, snapshot=SNAPSHOT)
    service.register.assert_not_called()
    service.fetch_offers.assert_called_once_with(PRODUCT)


def test_new_product_is_registered_first(service: Mock) -> None:
    outcome = poll_product(service, NEW)
    assert [call[0] for call in service.method_calls] == ["register", "fetch_offers"]
    service.register.assert_called_once_with(PRODUCT, "Kettle", "1.7 l")
    assert outcome.registered_at is not None
    assert outcome.snapshot == SNAPSHOT
    assert outcome.error is None


@pytest.mark.parametrize(
    ("claim", "calls"), [(NEW, ["register"]), (KNOWN, [])], ids=["new", "known"]
)
def test_registering_alone_asks_for_no_offers(
    service: Mock, claim: Claim, calls: list[str]
) -> None:
    outcome = register_product(service, claim)
    assert [call[0] for call in service.method_calls] == calls
    assert outcome.snapshot is None
    assert (outcome.registered_at is None) == (claim is KNOWN)


def test_failed_registration_ends_the_attempt(service: Mock) -> None:
    service.register.side_effect = REJECTED
    outcome = poll_product(service, NEW)
    assert outcome == Outcome(NEW, error=REJECTED)
    assert outcome.rejected
    service.fetch_offers.assert_not_called()


def test_registration_counts_even_where_the_poll_fails(service: Mock) -> None:
    service.fetch_offers.side_effect = REJECTED
    outcome = poll_product(service, NEW)
    assert outcome.registered_at is not None
    assert outcome.error is REJECTED
    assert not outcome.rejected


@pytest.mark.parametrize(
    ("error", "deferred"),
    [
        (offers_errors.AccessTokenUnavailable("no token"), True),
        (offers_errors.OffersServiceUnreachable("refused"), True),
        (offers_errors.OffersServiceNotConfigured(), True),
        (offers_errors.TooManyRequests("429"), True),
        (offers_errors.OffersServiceUnavailable("timed out"), False),
        (offers_errors.UnreadableAnswer("not JSON"), False),
        (offers_errors.OffersServiceUnauthorized(), False),
        (REJECTED, False),
        (UNKNOWN, False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_product_is_deferred_where_the_service_as_a_whole_failed(
    service: Mock, error: offers_errors.OffersServiceError, deferred: bool
) -> None:
    service.fetch_offers.side_effect = error
    assert poll_product(service, KNOWN) == Outcome(KNOWN, error=error, deferred=deferred)


def test_fault_of_ours_is_logged_and_backs_off_like_any_other(service: Mock) -> None:
    service.fetch_offers.side_effect = ZeroDivisionError("secret")
    with capture_logs() as logs:
        outcome = poll_product(service, KNOWN)
    assert type(outcome.error) is offers_errors.AttemptCrashed
    assert "secret" not in str(outcome.error)
    assert not outcome.deferred
    assert [(line["event"], line["log_level"]) for line in logs] == [("attempt_crashed", "error")]


def test_unreadable_offers_are_one_line_a_poll(service: Mock) -> None:
    invalid = (InvalidOffer(PRODUCT, "bad price"), InvalidOffer(None, "bad id"))
    service.fetch_offers.return_value = Snapshot((), invalid, NOW)
    with capture_logs() as logs:
        poll_product(service, KNOWN)
    [line] = logs
    assert (line["event"], line["n_invalid"]) == ("offers_invalid", 2)
    assert line["first"] == {str(PRODUCT): "bad price", "None": "bad id"}


@pytest.mark.parametrize("status", [403, 404, 405])
def test_a_refusal_of_the_set_up_is_no_refusal_of_the_product(status: int) -> None:
    outcome = Outcome(NEW, error=offers_errors.OffersServiceRejected(status, "no"))
    assert not outcome.rejected


def test_a_database_that_is_away_is_not_the_products_fault(service: Mock) -> None:
    service.fetch_offers.side_effect = OperationalError("SELECT", {}, Exception("gone"))
    with capture_logs() as logs:
        outcome = poll_product(service, KNOWN)
    assert outcome.deferred
    assert not outcome.answered
    assert logs == []


@pytest.mark.parametrize(
    ("outcome", "forgotten", "rejected"),
    [
        pytest.param(Outcome(KNOWN), False, False, id="nothing-wrong"),
        pytest.param(Outcome(KNOWN, error=UNKNOWN), True, False, id="forgotten"),
        pytest.param(Outcome(NEW, NOW, error=UNKNOWN), False, False, id="unknown-when-new"),
        pytest.param(Outcome(NEW, error=REJECTED), False, True, id="registration-refused"),
        pytest.param(Outcome(NEW, NOW, error=REJECTED), False, False, id="new-poll-refused"),
        pytest.param(Outcome(KNOWN, error=REJECTED), False, False, id="poll-refused"),
    ],
)
def test_outcome_tells_forgotten_and_rejected_products(
    outcome: Outcome, forgotten: bool, rejected: bool
) -> None:
    assert (outcome.forgotten, outcome.rejected) == (forgotten, rejected)

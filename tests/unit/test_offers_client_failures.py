"""What goes wrong on the way says so without addresses and tokens, and when to come back."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
import requests
from requests_mock import ANY, Mocker
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from aggregator.clock import utc_now
from aggregator.offers_errors import (
    OffersServiceUnavailable,
    OffersServiceUnreachable,
    TooManyRequests,
)
from tests.unit.offers_calls import (
    HOST,
    OFFERS_URL,
    PRODUCT,
    REFRESH,
    TOKEN,
    Call,
    every_call,
    make_client,
)

LEAK = f"https://{HOST}/api/v1 with {TOKEN} and {REFRESH}"
PASSING = OffersServiceUnavailable
OUT_OF_REACH = OffersServiceUnreachable


@pytest.mark.parametrize(
    ("raised", "expected", "words"),
    [
        (requests.ConnectTimeout(LEAK), OUT_OF_REACH, "timed out"),
        (requests.exceptions.SSLError(LEAK), OUT_OF_REACH, "certificate"),
        (requests.ReadTimeout(LEAK), PASSING, "in time"),
        (ReadTimeoutError(HTTPConnectionPool(HOST), LEAK, LEAK), PASSING, "in time"),
        (requests.ConnectionError(LEAK), PASSING, "broke off"),
        (requests.ConnectionError(), PASSING, "broke off"),
        (requests.exceptions.ChunkedEncodingError(LEAK), PASSING, "broke off"),
        (requests.exceptions.ContentDecodingError(LEAK), PASSING, "broke off"),
        (requests.exceptions.InvalidHeader(LEAK), PASSING, "broke off"),
        (requests.exceptions.InvalidURL(LEAK), PASSING, "broke off"),
        (ProtocolError(LEAK), PASSING, "broke off"),
        (ConnectionResetError(LEAK), PASSING, "broke off"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
@every_call
def test_failed_connection_is_told_without_address_and_token(
    requests_mock: Mocker, call: Call, raised: Exception, expected: type[Exception], words: str
) -> None:
    requests_mock.register_uri(ANY, ANY, exc=raised)
    with pytest.raises(OffersServiceUnavailable, match=words) as caught:
        call(make_client())
    assert type(caught.value) is expected
    assert caught.value.retry_after_s is None
    told = f"{caught.value} {caught.value!r}"
    assert all(secret not in told for secret in (HOST, TOKEN, REFRESH, LEAK))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("0", 0.0, id="zero"),
        pytest.param("7", 7.0, id="seconds"),
        pytest.param(" 7 ", 7.0, id="spaces"),
        pytest.param("3601", 3600.0, id="over-an-hour"),
        pytest.param("9" * 400, 3600.0, id="huge"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", 0.0, id="past-date"),
        pytest.param("Wed, 21 Oct 2099 07:28:00 GMT", 3600.0, id="far-date"),
        pytest.param("", None, id="empty"),
        pytest.param("-5", None, id="negative"),
        pytest.param("1.5", None, id="fraction"),
        pytest.param("soon", None, id="word"),
        pytest.param("²", None, id="digit-that-is-no-decimal"),
        pytest.param("2099-10-21T07:28:00Z", None, id="iso-date"),
        pytest.param("Mon, 01 Jan 99999 00:00:00 GMT", None, id="date-beyond-every-calendar"),
        pytest.param("Wed, 21 Oct 2099 " + "9" * 20 + ":28:00 GMT", None, id="huge-hour"),
        pytest.param("Wed, 21 Oct 2099 07:28:00 +" + "9" * 20, None, id="huge-zone"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_read_and_bounded(
    requests_mock: Mocker, status: int, header: str, seconds: float | None
) -> None:
    requests_mock.get(OFFERS_URL, status_code=status, headers={"Retry-After": header})
    with pytest.raises(OffersServiceUnavailable, match=str(status)) as caught:
        make_client().fetch_offers(TOKEN, PRODUCT)
    assert caught.value.retry_after_s == seconds


def test_too_many_requests_are_told_from_other_failures(requests_mock: Mocker) -> None:
    requests_mock.get(OFFERS_URL, [{"status_code": 429}, {"status_code": 503}])
    with pytest.raises(TooManyRequests):
        make_client().fetch_offers(TOKEN, PRODUCT)
    with pytest.raises(OffersServiceUnavailable) as caught:
        make_client().fetch_offers(TOKEN, PRODUCT)
    assert not isinstance(caught.value, TooManyRequests)


def test_retry_after_a_date_is_the_time_until_then(requests_mock: Mocker) -> None:
    date = format_datetime(utc_now() + timedelta(seconds=90), usegmt=True)
    requests_mock.get(OFFERS_URL, status_code=503, headers={"Retry-After": date})
    with pytest.raises(OffersServiceUnavailable) as caught:
        make_client().fetch_offers(TOKEN, PRODUCT)
    assert caught.value.retry_after_s is not None
    assert 85 < caught.value.retry_after_s <= 90

"""Each call of the offers service is made right, and each status gets its meaning."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from requests_mock import ANY, Mocker
from structlog.contextvars import bound_contextvars

from aggregator import offers_errors
from aggregator.clock import utc_now
from aggregator.offers_wire import AccessToken, RemoteOffer
from tests.unit.offers_calls import (
    AUTH_URL,
    CALLS,
    HOST,
    OFFERS_URL,
    PRODUCT,
    REFRESH,
    REGISTER_URL,
    TOKEN,
    Call,
    every_call,
    make_client,
)


def _headers(requests_mock: Mocker) -> dict[str, str]:
    assert requests_mock.last_request is not None
    return {name.lower(): value for name, value in requests_mock.last_request.headers.items()}


def test_sign_up_sends_the_refresh_token_and_nothing_else(requests_mock: Mocker) -> None:
    requests_mock.post(AUTH_URL, status_code=201, json={"access_token": TOKEN})
    assert make_client().sign_up() == AccessToken(TOKEN, None)
    assert _headers(requests_mock)["bearer"] == REFRESH
    assert requests_mock.last_request is not None
    assert requests_mock.last_request.body is None


def test_generation_1_signs_up_without_a_secret(requests_mock: Mocker) -> None:
    requests_mock.post(AUTH_URL, status_code=201, json={"access_token": TOKEN})
    client = make_client(refresh_token=None)
    assert client.sign_up() == AccessToken(TOKEN, None)
    assert client.generation == 1
    assert "bearer" not in _headers(requests_mock)


@every_call
def test_every_call_carries_the_id_of_the_request_that_it_is_made_for(
    requests_mock: Mocker, call: Call
) -> None:
    requests_mock.register_uri(ANY, ANY, status_code=503)
    for request_id in ("r-1", None):
        bound = bound_contextvars(**({"request_id": request_id} if request_id else {}))
        with bound, pytest.raises(offers_errors.OffersServiceUnavailable):
            call(make_client())
        assert _headers(requests_mock).get("x-request-id") == request_id


def test_register_sends_the_product_as_json(requests_mock: Mocker) -> None:
    requests_mock.post(REGISTER_URL, status_code=201, json={"id": str(PRODUCT)})
    make_client().register(TOKEN, PRODUCT, "Žehlička", "")
    assert requests_mock.last_request is not None
    sent = requests_mock.last_request.json()
    assert sent == {"id": str(PRODUCT), "name": "Žehlička", "description": ""}
    assert _headers(requests_mock)["bearer"] == TOKEN
    assert _headers(requests_mock)["content-type"] == "application/json"


def test_fetch_returns_the_offers_as_of_the_answer(requests_mock: Mocker) -> None:
    offer = {"id": str(PRODUCT), "price": 1, "items_in_stock": 2}
    requests_mock.get(OFFERS_URL, json=[offer, {"id": 1}])
    before = utc_now()
    snapshot = make_client().fetch_offers(TOKEN, PRODUCT)
    assert snapshot.offers == (RemoteOffer(PRODUCT, 1, 2),)
    assert [item.id for item in snapshot.invalid] == [UUID(int=1)]
    assert before <= snapshot.observed_at <= utc_now()
    assert _headers(requests_mock)["bearer"] == TOKEN


@every_call
def test_every_request_has_a_timeout_and_no_other_credentials(
    requests_mock: Mocker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, call: Call
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    requests_mock.register_uri(ANY, ANY, status_code=503)
    with pytest.raises(offers_errors.OffersServiceUnavailable):
        call(make_client())
    request = requests_mock.last_request
    assert request is not None
    assert request.timeout == 3.5
    assert request.verify is True
    headers = _headers(requests_mock)
    assert headers["accept"] == "application/json"
    assert not headers.keys() & {"authorization", "cookie"}


def test_certificates_of_the_operator_are_trusted(
    requests_mock: Mocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/our-ca.pem")
    requests_mock.get(OFFERS_URL, json=[])
    make_client().fetch_offers(TOKEN, PRODUCT)
    assert requests_mock.last_request is not None
    assert requests_mock.last_request.verify == "/etc/our-ca.pem"


PASSING = offers_errors.OffersServiceUnavailable
REJECTED = offers_errors.OffersServiceRejected


@pytest.mark.parametrize(
    ("call", "status", "expected"),
    [
        *(("fetch", status, REJECTED) for status in (400, 402, 403, 405, 409, 410, 422, 451, 499)),
        *((call, 429, offers_errors.TooManyRequests) for call in ("fetch", "register", "sign-up")),
        *(("fetch", status, PASSING) for status in (408, 425, 500, 502, 503, 504, 599)),
        *(("fetch", status, PASSING) for status in (201, 202, 204, 206, 300, 302, 304, 308)),
        ("fetch", 401, offers_errors.OffersServiceUnauthorized),
        ("fetch", 404, offers_errors.UnknownProduct),
        *(("register", status, REJECTED) for status in (400, 403, 404, 405, 413, 422)),
        *(("register", status, PASSING) for status in (202, 204, 307, 408, 500, 503)),
        ("register", 401, offers_errors.OffersServiceUnauthorized),
        ("register", 409, offers_errors.AlreadyRegistered),
        *(("sign-up", status, REJECTED) for status in (403, 404, 405, 409, 422)),
        *(("sign-up", status, PASSING) for status in (202, 204, 301, 408, 500, 503)),
        ("sign-up", 400, offers_errors.AnotherTokenValid),
        ("sign-up", 401, offers_errors.OffersServiceUnauthorized),
    ],
)
def test_status_becomes_the_error_it_means(
    requests_mock: Mocker, call: str, status: int, expected: type[Exception]
) -> None:
    requests_mock.register_uri(ANY, ANY, status_code=status, json={"detail": "the service's words"})
    with pytest.raises(offers_errors.OffersServiceError) as caught:
        CALLS[call](make_client())
    assert type(caught.value) is expected
    assert HOST not in str(caught.value)


@pytest.mark.parametrize("status", [200, 201])
def test_success_is_either_of_the_usual_statuses(requests_mock: Mocker, status: int) -> None:
    requests_mock.post(AUTH_URL, status_code=status, json={"access_token": TOKEN})
    requests_mock.post(REGISTER_URL, status_code=status, json={"id": str(PRODUCT).upper()})
    assert make_client().sign_up().value == TOKEN
    make_client().register(TOKEN, PRODUCT, "Kettle", "")


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"id": "another"}'])
def test_what_confirms_no_registration_is_unreadable(requests_mock: Mocker, body: str) -> None:
    requests_mock.post(REGISTER_URL, status_code=201, text=body)
    with pytest.raises(offers_errors.UnreadableAnswer):
        make_client().register(TOKEN, PRODUCT, "Kettle", "")


def test_a_refusal_that_quotes_a_secret_is_told_without_it(requests_mock: Mocker) -> None:
    requests_mock.post(REGISTER_URL, status_code=403, json={"detail": f"token {TOKEN} is bad"})
    with pytest.raises(offers_errors.OffersServiceRejected, match="token … is bad"):
        make_client().register(TOKEN, PRODUCT, "Kettle", "")


def test_rejection_carries_status_and_words(requests_mock: Mocker) -> None:
    requests_mock.get(OFFERS_URL, status_code=422, json={"detail": "bad\nid"})
    with pytest.raises(offers_errors.OffersServiceRejected, match=r"\(422\): bad id$") as caught:
        make_client().fetch_offers(TOKEN, PRODUCT)
    assert (caught.value.status, caught.value.detail) == (422, "bad id")


def test_error_about_a_product_carries_its_id(requests_mock: Mocker) -> None:
    requests_mock.get(OFFERS_URL, status_code=404)
    requests_mock.post(REGISTER_URL, status_code=409)
    with pytest.raises(offers_errors.UnknownProduct) as unknown:
        make_client().fetch_offers(TOKEN, PRODUCT)
    with pytest.raises(offers_errors.AlreadyRegistered) as registered:
        make_client().register(TOKEN, PRODUCT, "Kettle", "")
    assert unknown.value.product_id == registered.value.product_id == PRODUCT


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b"[{", b'{"detail": []}'], ids=repr)
def test_fetch_without_a_list_is_unreadable_not_empty(requests_mock: Mocker, body: bytes) -> None:
    requests_mock.get(OFFERS_URL, content=body)
    with pytest.raises(offers_errors.UnreadableAnswer):
        make_client().fetch_offers(TOKEN, PRODUCT)


@every_call
def test_redirect_is_not_followed(requests_mock: Mocker, call: Call) -> None:
    elsewhere = requests_mock.register_uri(ANY, "https://elsewhere.test/", json=[])
    requests_mock.register_uri(
        ANY,
        ANY,
        status_code=307,
        headers={"Location": "https://elsewhere.test/"},
    )
    with pytest.raises(offers_errors.OffersServiceUnavailable, match=r"redirect \(307\)"):
        call(make_client())
    assert requests_mock.call_count == 1
    assert not elsewhere.called


@every_call
def test_call_without_an_address_says_what_to_set(requests_mock: Mocker, call: Call) -> None:
    with pytest.raises(offers_errors.OffersServiceNotConfigured, match="OFFERS_BASE_URL"):
        call(make_client(base_url=None))
    assert not requests_mock.called


def test_repr_of_the_client_holds_no_secret() -> None:
    assert REFRESH not in repr(make_client())

"""Over real sockets: both generations are spoken, and nothing strange is taken for an answer."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from aggregator import offers_errors
from aggregator.offers_client import OffersClient
from tests.conftest import NOWHERE, MakeSandbox
from tests.sandbox_control import SandboxControl
from tests.unit.offers_calls import (
    CALLS,
    PRODUCT,
    REFRESH,
    TOKEN,
    Call,
    Fetch,
    both_ways,
    every_real_call,
    make_client,
)
from tests.unit.raw_server import RawServer

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def client(sandbox: SandboxControl) -> OffersClient:
    return make_client(sandbox.base_url, timeout_s=2)


def _ready(client: OffersClient) -> str:
    token = client.sign_up().value
    client.register(token, PRODUCT, "Kettle", "1.7 l")
    return token


@pytest.mark.parametrize(
    ("generation", "refresh_token"), [(2, REFRESH), (1, None)], ids=["generation-2", "generation-1"]
)
def test_both_generations_are_spoken(
    make_sandbox: MakeSandbox, generation: int, refresh_token: str | None
) -> None:
    service = make_sandbox(generation=generation)
    client = make_client(service.base_url, refresh_token=refresh_token)
    token = client.sign_up()
    with pytest.raises(offers_errors.UnknownProduct):
        client.fetch_offers(token.value, PRODUCT)
    client.register(token.value, PRODUCT, "Žehlička", "")
    with pytest.raises(offers_errors.AlreadyRegistered):
        client.register(token.value, PRODUCT, "Žehlička", "")
    snapshot = client.fetch_offers(token.value, PRODUCT)
    assert len(snapshot.offers) >= 3
    assert not snapshot.invalid
    with pytest.raises(offers_errors.OffersServiceUnauthorized):
        client.fetch_offers(TOKEN, PRODUCT)


def test_second_sign_up_says_that_another_token_lives(client: OffersClient) -> None:
    assert client.sign_up().expires_at is not None
    with pytest.raises(offers_errors.AnotherTokenValid):
        client.sign_up()


@every_real_call
def test_dropped_connection_may_be_one_products_fault(sandbox: SandboxControl, call: Call) -> None:
    sandbox.faults(drop=True)
    with pytest.raises(offers_errors.OffersServiceUnavailable, match="broke off") as caught:
        call(make_client(sandbox.base_url))
    assert not isinstance(caught.value, offers_errors.OffersServiceUnreachable)


@every_real_call
def test_refused_connection_is_no_products_fault(call: Call) -> None:
    with pytest.raises(offers_errors.OffersServiceUnreachable, match=r"cannot be reached$"):
        call(make_client(NOWHERE))


def test_unknown_host_is_no_products_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(offers_errors.OffersServiceUnreachable, match=r"cannot be reached$"):
        CALLS["fetch"](make_client())


@pytest.mark.parametrize("garbage", ["html", "object", "truncated", "empty"])
def test_garbage_is_unreadable(sandbox: SandboxControl, client: OffersClient, garbage: str) -> None:
    token = _ready(client)
    sandbox.faults(garbage=garbage)
    with pytest.raises(offers_errors.UnreadableAnswer):
        client.fetch_offers(token, PRODUCT)


@pytest.mark.parametrize("garbage", ["html", "object", "truncated", "empty"])
def test_garbage_for_a_token_is_unreadable(
    sandbox: SandboxControl, client: OffersClient, garbage: str
) -> None:
    sandbox.faults(garbage=garbage)
    with pytest.raises(offers_errors.UnreadableAnswer):
        client.sign_up()


@both_ways
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="another-protocol"),
        pytest.param(OK + b"Content-Length: 100\r\n\r\n[]", id="shorter-than-announced"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="bad-chunk"),
        pytest.param(OK + b"Content-Encoding: gzip\r\n\r\nno gzip", id="bad-gzip"),
        pytest.param(OK + b"X: y\r\n" * 100_000 + b"\r\n[]", id="too-many-headers"),
        pytest.param(OK + b"X: " + b"y" * 400_000 + b"\r\n\r\n[]", id="too-long-a-header"),
        pytest.param(b"HTTP/1.1 999999 Odd\r\n\r\n", id="impossible-status"),
    ],
)
def test_broken_answer_is_unavailable(fetch: Fetch, sent: bytes) -> None:
    with (
        RawServer(lambda: [sent]) as server,
        pytest.raises(offers_errors.OffersServiceUnavailable) as caught,
    ):
        fetch(make_client(server.base_url), TOKEN, PRODUCT)
    assert "127.0.0.1" not in str(caught.value)


@every_real_call
def test_token_does_not_travel_with_a_redirect(sandbox: SandboxControl, call: Call) -> None:
    with RawServer(lambda: [OK + b"\r\n[]"]) as elsewhere:
        sandbox.faults(redirect=elsewhere.base_url)
        with pytest.raises(offers_errors.OffersServiceUnavailable, match=r"redirect \(307\)"):
            call(make_client(sandbox.base_url))
        assert elsewhere.heads == []


def test_cookies_are_never_sent_back() -> None:
    cookies = b"Set-Cookie: a=1; Path=/\r\nConnection: close\r\n\r\n[]"
    with RawServer(lambda: [OK + cookies]) as server:
        client = make_client(server.base_url)
        for _ in range(2):
            client.fetch_offers(TOKEN, PRODUCT)
    assert len(server.heads) == 2
    assert all(f"Bearer: {TOKEN}\r\n" in head for head in server.heads)
    assert "cookie" not in "".join(server.heads).lower()


@both_ways
def test_proxy_of_the_environment_is_used_unless_it_is_excepted(
    fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = OK + b"Content-Length: 2\r\n\r\n[]"
    with RawServer(lambda: [answer]) as proxy, RawServer(lambda: [answer]) as server:
        monkeypatch.setenv("http_proxy", proxy.base_url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        fetch(make_client(server.base_url), TOKEN, PRODUCT)
        assert proxy.heads == []
        monkeypatch.delenv("no_proxy")
        fetch(make_client(server.base_url), TOKEN, PRODUCT)
        assert len(server.heads) == 1
        assert proxy.heads[0].startswith(f"GET {server.base_url}/products/")

"""The one shared access token, on both databases, against a real sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.models import OffersServiceToken
from aggregator.offers_client import OffersClient
from aggregator.offers_errors import (
    AccessTokenUnavailable,
    OffersServiceUnavailable,
    UnknownProduct,
)
from aggregator.services import access
from aggregator.services.offers_service import OffersService
from tests.conftest import MakeSandbox
from tests.sandbox_control import SandboxControl

pytestmark = pytest.mark.waits

REFRESH = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def connect(
    engine: Engine,
    sandbox: SandboxControl,
    *,
    refresh_token: str | None = REFRESH,
    timeout_s: float = 3.0,
    clock: Callable[[], datetime] = utc_now,
) -> OffersService:
    client = OffersClient(sandbox.base_url, refresh_token=refresh_token, timeout_s=timeout_s)
    return OffersService(client, engine, sign_up_timeout_s=timeout_s, clock=clock)


def ask(service: OffersService) -> None:
    """Make a call that needs a good token."""
    with pytest.raises(UnknownProduct):
        service.fetch_offers(uuid4())


def spoil_stored_token(engine: Engine, **values: object) -> None:
    with unit_of_work(engine) as session:
        session.execute(update(OffersServiceToken).values(**values))


def test_the_token_is_obtained_once_and_survives_a_restart(
    engine: Engine, sandbox: SandboxControl
) -> None:
    for _ in range(3):
        service = connect(engine, sandbox)
        ask(service)
        ask(service)
    assert sandbox.requests("auth") == 1


def test_sign_up_says_whether_it_had_to_ask(engine: Engine, sandbox: SandboxControl) -> None:
    assert connect(engine, sandbox).sign_up() is True
    assert connect(engine, sandbox).sign_up() is False


def test_the_expiry_is_read_from_the_token(engine: Engine, make_sandbox: MakeSandbox) -> None:
    service = connect(engine, make_sandbox(token_ttl_s=120))
    service.sign_up()
    stored = service.find_access()
    assert stored
    assert stored.token
    assert stored.token.expires_at
    assert timedelta(seconds=118) < stored.token.expires_at - utc_now() <= timedelta(seconds=120)


@pytest.mark.parametrize("generation", [1, 2])
@pytest.mark.parametrize("spoil", ["expire", "revoke"])
def test_many_threads_of_two_services_renew_once(
    engine: Engine, make_sandbox: MakeSandbox, generation: int, spoil: str
) -> None:
    sandbox = make_sandbox(generation=generation)
    refresh_token = REFRESH if generation == 2 else None
    services = [connect(engine, sandbox, refresh_token=refresh_token) for _ in range(2)]
    for service in services:
        ask(service)
    sandbox.revoke()
    if spoil == "expire":
        spoil_stored_token(engine, expires_at=utc_now() - timedelta(seconds=1))
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(ask, services * 10))
    assert sandbox.requests("auth") == 2


def test_a_token_that_expires_at_the_service_is_renewed_and_the_call_repeated(
    engine: Engine, make_sandbox: MakeSandbox
) -> None:
    sandbox = make_sandbox(token_ttl_s=2)
    service = connect(engine, sandbox)
    give_up_at = time.monotonic() + 5
    while time.monotonic() < give_up_at:
        ask(service)
        time.sleep(0.02)
    assert sandbox.requests("auth") in range(3, 9)
    assert sandbox.state()["tokens_issued"] in (3, 4, 5)


def test_a_clock_ahead_of_the_services_goes_on_with_the_old_token(
    engine: Engine, sandbox: SandboxControl
) -> None:
    ask(connect(engine, sandbox))
    ahead = connect(engine, sandbox, clock=lambda: utc_now() + timedelta(seconds=310))
    for _ in range(5):
        ask(ahead)
    assert sandbox.requests("auth") == 2
    assert ahead.sign_up() is False
    stored = ahead.find_access()
    assert stored
    assert "not ours" not in str(stored.last_error)


def test_a_clock_behind_the_services_renews_when_refused(
    engine: Engine, make_sandbox: MakeSandbox
) -> None:
    sandbox = make_sandbox(token_ttl_s=2)
    behind = connect(engine, sandbox, clock=lambda: utc_now() - timedelta(seconds=30))
    ask(behind)
    time.sleep(2.1)
    ask(behind)
    assert sandbox.requests("auth") == 2


def test_another_valid_token_that_is_not_ours_is_waited_for(
    engine: Engine, make_sandbox: MakeSandbox
) -> None:
    sandbox = make_sandbox(token_ttl_s=3)
    OffersClient(sandbox.base_url, refresh_token=REFRESH, timeout_s=1).sign_up()
    service = connect(engine, sandbox, timeout_s=1)
    with pytest.raises(AccessTokenUnavailable, match="not ours"):
        service.fetch_offers(uuid4())
    stored = service.find_access()
    assert stored
    assert "another access token" in str(stored.last_error)
    patient = connect(engine, sandbox, timeout_s=10)
    ask(patient)
    after = patient.find_access()
    assert after
    assert after.last_error is None


def test_ten_threads_without_a_token_to_be_had_give_up_together(
    engine: Engine, sandbox: SandboxControl
) -> None:
    OffersClient(sandbox.base_url, refresh_token=REFRESH, timeout_s=1).sign_up()
    service = connect(engine, sandbox, timeout_s=0.5)

    def give_up(_: int) -> None:
        with pytest.raises(AccessTokenUnavailable):
            service.fetch_offers(uuid4())

    started = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(give_up, range(10)))
    assert time.monotonic() - started < 3
    assert sandbox.requests("auth") <= 4


def test_a_refused_sign_up_is_told_and_not_repeated_at_once(
    engine: Engine, make_sandbox: MakeSandbox
) -> None:
    sandbox = make_sandbox(refresh_token=str(UUID(int=5)))
    service = connect(engine, sandbox)
    for _ in range(3):
        with pytest.raises(AccessTokenUnavailable, match="sign-up refused"):
            service.fetch_offers(uuid4())
    assert sandbox.requests("auth") == 1


def test_generation_1_does_not_sign_up_again_and_again_when_its_own_tokens_are_refused(
    engine: Engine, make_sandbox: MakeSandbox
) -> None:
    sandbox = make_sandbox(generation=1)
    service = connect(engine, sandbox, refresh_token=None)
    sandbox.faults(status=401, paths=["offers"])
    for _ in range(5):
        with pytest.raises(AccessTokenUnavailable):
            service.fetch_offers(uuid4())
    assert sandbox.requests("auth") <= 2


def test_a_token_is_never_sent_to_another_service(
    engine: Engine, make_sandbox: MakeSandbox
) -> None:
    first, second = make_sandbox(), make_sandbox()
    ask(connect(engine, first))
    service = connect(engine, second)
    assert service.find_access() is None
    ask(service)
    assert second.state()["requests"]["by_status"].get("401") is None


def test_a_renewer_that_died_is_made_up_for(engine: Engine, sandbox: SandboxControl) -> None:
    service = connect(engine, sandbox, timeout_s=4)
    ask(service)
    sandbox.revoke()
    spoil_stored_token(engine, renewable_at=utc_now() + timedelta(seconds=1))
    ask(service)
    assert sandbox.requests("auth") == 2


def test_a_right_to_renew_from_before_the_clock_was_turned_back_holds_nobody_up(
    engine: Engine, sandbox: SandboxControl
) -> None:
    ask(connect(engine, sandbox))
    sandbox.revoke()
    spoil_stored_token(engine, renewable_at=utc_now() + timedelta(hours=1))
    ask(connect(engine, sandbox))


def test_a_service_that_is_down_is_unavailable(engine: Engine, sandbox: SandboxControl) -> None:
    sandbox.faults(status=503)
    with pytest.raises(OffersServiceUnavailable):
        connect(engine, sandbox).fetch_offers(uuid4())


def test_a_token_refused_while_the_service_gives_no_other_is_a_matter_of_waiting(
    engine: Engine, sandbox: SandboxControl
) -> None:
    service = connect(engine, sandbox, timeout_s=0.5)
    ask(service)
    sandbox.faults(status=401, paths=["offers"], first=1)
    with pytest.raises(AccessTokenUnavailable, match="another access token"):
        service.fetch_offers(uuid4())
    ask(service)
    assert sandbox.requests("auth") == 2


def test_a_token_whose_storing_fails_at_first_is_not_lost(
    engine: Engine, sandbox: SandboxControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, failures = access.store_token, iter([True, False])

    def store_at_the_second_try(*args: Any, **kwargs: Any) -> None:
        if next(failures):
            raise OperationalError("UPDATE", {}, Exception("the connection broke"))
        store(*args, **kwargs)

    monkeypatch.setattr(access, "store_token", store_at_the_second_try)
    ask(connect(engine, sandbox))
    assert sandbox.requests("auth") == 1


def test_an_abandoned_sign_up_still_stores_its_token(
    engine: Engine, sandbox: SandboxControl
) -> None:
    client = OffersClient(sandbox.base_url, refresh_token=REFRESH, timeout_s=0.2)
    hasty = OffersService(client, engine, sign_up_timeout_s=5)
    sandbox.faults(latency_ms=700, paths=["auth"])
    with pytest.raises(AccessTokenUnavailable, match="being obtained"):
        hasty.fetch_offers(uuid4())
    time.sleep(1)
    ask(hasty)
    assert sandbox.requests("auth") == 1


def test_who_waits_for_another_process_looks_ten_times_a_second(
    engine: Engine, sandbox: SandboxControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = connect(engine, sandbox, timeout_s=0.5)
    ask(service)
    sandbox.revoke()
    spoil_stored_token(engine, renewable_at=utc_now() + timedelta(seconds=20))
    find, looks = access.find_access, list[str]()

    def count(session: Session, base_url: str) -> access.StoredAccess | None:
        looks.append(base_url)
        return find(session, base_url)

    monkeypatch.setattr(access, "find_access", count)
    with pytest.raises(AccessTokenUnavailable):
        service.fetch_offers(uuid4())
    assert 4 <= len(looks) <= 8

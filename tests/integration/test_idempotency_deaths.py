"""Whenever a process dies with a key in hand, nothing is done twice, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.errors import IdempotencyKeyInUse, IdempotencyKeyReused
from aggregator.services import products
from aggregator.services.claims import LEASE
from aggregator.services.idempotency import (
    Answer,
    KeyLease,
    claim_key,
    delete_expired_keys,
    finish,
    give_up,
    keep_answer,
)
from aggregator.services.registration import register_now
from aggregator.views import idempotency
from aggregator.views import products as products_view
from poller import key_job
from poller.key_job import KeyJob
from tests.at_once import at_once
from tests.conftest import MakeApp
from tests.crash import crash
from tests.integration.api import json_of
from tests.integration.keyed import let_pass, names, post, stored_keys
from tests.sandbox_control import SandboxControl

SOONER = LEASE - timedelta(seconds=5)
LATER = timedelta(seconds=6)
DAY = timedelta(hours=24)
ONE, TWO = b"1" * 32, b"2" * 32
ANSWER = Answer(201, {"ETag": '"1"'}, b"{}\n")
LAST = Answer(201, {"ETag": '"2"'}, b"[]\n")


class Death(BaseException):
    """The end of a process, after which it does nothing more."""


@pytest.fixture
def app(make_app: MakeApp, sandbox: SandboxControl) -> Flask:
    """Return an application that calls the sandbox."""
    return make_app(offers_base_url=sandbox.base_url, register_timeout_s=5.0)


def die(*_args: Any, **_kwargs: Any) -> Any:
    raise Death


def die_after(action: Callable[..., Any]) -> Callable[..., Any]:
    def act(*args: Any, **kwargs: Any) -> Any:
        action(*args, **kwargs)
        raise Death

    return act


def killed(monkeypatch: pytest.MonkeyPatch, client: FlaskClient, place: str, act: Any) -> None:
    """Send a request whose process dies where it does this."""
    with monkeypatch.context() as dying:
        # The dead clean nothing up.
        dying.setattr(idempotency, "_end", die)
        dying.setattr(place, act)
        with pytest.raises(Death):
            post(client)


@pytest.mark.parametrize(
    ("place", "after"),
    [
        pytest.param("create_product", False, id="before-the-change"),
        pytest.param("create_product", True, id="within-the-change"),
        pytest.param("keep_answer", False, id="before-keeping-the-answer"),
        pytest.param("keep_answer", True, id="before-the-commit"),
    ],
)
def test_who_dies_before_the_change_is_committed_has_changed_nothing(
    client: FlaskClient,
    engine: Engine,
    sandbox: SandboxControl,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    after: bool,
) -> None:
    owner: Any = products if place == "create_product" else products_view
    act = die_after(getattr(owner, place)) if after else die
    killed(monkeypatch, client, f"{owner.__name__}.{place}", act)
    assert names(engine) == []
    assert post(client).status_code == 409, "nobody knows yet that it is dead"
    let_pass(engine, SOONER)
    assert post(client).status_code == 409
    let_pass(engine, LATER)
    assert post(client, name="Pot").status_code == 422, "the key is that request's"
    response = post(client)
    assert response.status_code == 201
    assert "Idempotency-Replayed" not in response.headers
    assert names(engine) == ["Kettle"]
    assert sandbox.requests("register") == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_who_dies_around_the_registration_leaves_the_answer_of_before(
    client: FlaskClient,
    engine: Engine,
    sandbox: SandboxControl,
    monkeypatch: pytest.MonkeyPatch,
    after: bool,
) -> None:
    act = die_after(register_now) if after else die
    killed(monkeypatch, client, f"{products_view.__name__}.register_now", act)
    assert names(engine) == ["Kettle"]
    assert post(client).status_code == 409
    let_pass(engine, LEASE)
    first, second = post(client), post(client)
    assert first.status_code == 201
    assert first.headers["Idempotency-Replayed"] == "true"
    assert json_of(first)["registered_at"] is None
    assert (first.data, first.headers["Location"]) == (second.data, second.headers["Location"])
    assert client.get(first.headers["Location"]).status_code == 200
    assert names(engine) == ["Kettle"]
    assert sandbox.requests("register") == int(after)


def test_who_dies_before_the_last_answer_is_stored_leaves_the_one_of_before(
    client: FlaskClient, engine: Engine, sandbox: SandboxControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(monkeypatch, client, f"{idempotency.__name__}.finish", die)
    let_pass(engine, LEASE)
    assert json_of(post(client))["registered_at"] is None
    assert sandbox.requests("register") == 1


@pytest.mark.parametrize("error", [RuntimeError("crash"), OperationalError("x", {}, Exception())])
def test_the_key_of_a_request_that_crashed_is_free(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with monkeypatch.context() as crashing:
        crashing.setattr(products_view, "keep_answer", crash(error))
        assert post(client).status_code in (500, 503)
    assert names(engine) == []
    assert stored_keys(engine) == []
    assert post(client, name="Corrected").status_code == 201


@pytest.mark.parametrize("error", [RuntimeError("crash"), OperationalError("x", {}, Exception())])
def test_what_crashes_after_the_change_is_answered_with_what_was_changed(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with monkeypatch.context() as crashing:
        crashing.setattr(products_view, "register_now", crash(error))
        assert post(client).status_code in (500, 503)
    response = post(client)
    assert response.status_code == 201, "at once: the lease was given back"
    assert response.headers["Idempotency-Replayed"] == "true"
    assert names(engine) == ["Kettle"]


def test_an_answer_is_given_though_it_cannot_be_stored(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OperationalError("UPDATE", {}, Exception("database is locked"))
    with monkeypatch.context() as failing, capture_logs() as logs:
        failing.setattr(idempotency, "finish", crash(error))
        assert json_of(post(client))["registered_at"]
    assert "idempotency_key_not_ended" in [line["event"] for line in logs]
    assert post(client).status_code == 409
    let_pass(engine, LEASE)
    assert post(client).status_code == 201
    assert names(engine) == ["Kettle"]


def test_who_slept_past_its_lease_changes_nothing(
    app: Flask, client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep, awake = Event(), Event()

    def sleep_the_first_time() -> Any:
        if not asleep.is_set():
            asleep.set()
            assert awake.wait(20)
        return unit_of_work()

    monkeypatch.setattr(products_view, "unit_of_work", sleep_the_first_time)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(post, app.test_client())
        assert asleep.wait(20)
        let_pass(engine, LEASE)
        second = post(client)
        awake.set()
        assert late.result(20).status_code == 409
    assert second.status_code == 201
    assert names(engine) == ["Kettle"]
    assert post(client).data == second.data


def claim(engine: Engine, fingerprint: bytes = ONE) -> KeyLease | Answer:
    with unit_of_work(engine) as session:
        return claim_key(session, "somebody", "key", fingerprint, now=utc_now())


def leased(engine: Engine) -> KeyLease:
    lease = claim(engine)
    assert isinstance(lease, KeyLease)
    return lease


def do(engine: Engine, step: Callable[..., None], *args: Any) -> None:
    with unit_of_work(engine) as session:
        step(session, *args)


def try_claim(engine: Engine) -> KeyLease | Answer | None:
    try:
        return claim(engine)
    except IdempotencyKeyInUse:
        return None


@pytest.mark.parametrize("abandoned", [False, True], ids=["new", "abandoned"])
def test_of_many_that_claim_a_key_one_gets_it(engine: Engine, abandoned: bool) -> None:
    if abandoned:
        leased(engine)
        let_pass(engine, LEASE)
    claimed = at_once([partial(try_claim, engine)] * 16)
    [lease] = filter(None, claimed)
    assert isinstance(lease, KeyLease)
    do(engine, keep_answer, lease, ANSWER)


def test_a_lease_that_was_taken_over_stores_nothing(engine: Engine) -> None:
    lost = leased(engine)
    let_pass(engine, LEASE)
    held = leased(engine)
    with pytest.raises(IdempotencyKeyInUse):
        do(engine, keep_answer, lost, ANSWER)
    do(engine, finish, lost, ANSWER)
    do(engine, give_up, lost)
    do(engine, keep_answer, held, LAST)
    do(engine, finish, held, LAST)
    assert claim(engine) == LAST


def test_who_takes_over_while_the_late_answer_is_being_kept_gets_that_answer(
    engine: Engine,
) -> None:
    lease = expired(engine)
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(engine) as session:
            keep_answer(session, lease, ANSWER)
            second = pool.submit(claim, engine)
            wait([second], timeout=0.3)
        assert second.result(20) == ANSWER


def test_who_keeps_an_answer_while_another_takes_over_changes_nothing(engine: Engine) -> None:
    lease = expired(engine)
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(engine) as session:
            held = claim_key(session, "somebody", "key", ONE, now=utc_now())
            late = pool.submit(do, engine, keep_answer, lease, ANSWER)
            wait([late], timeout=0.3)
        assert isinstance(late.exception(20), IdempotencyKeyInUse)
    do(engine, finish, held, LAST)
    assert claim(engine) == LAST


def expired(engine: Engine) -> KeyLease:
    """Return a lease that has ended, and that nobody took over yet."""
    with unit_of_work(engine) as session:
        lease = claim_key(session, "somebody", "key", ONE, now=utc_now() - LEASE - LATER)
    assert isinstance(lease, KeyLease)
    return lease


def test_an_answer_that_is_kept_is_given_when_the_lease_ends(engine: Engine) -> None:
    lease = leased(engine)
    do(engine, keep_answer, lease, ANSWER)
    with pytest.raises(IdempotencyKeyInUse):
        claim(engine)
    let_pass(engine, LEASE)
    assert claim(engine) == ANSWER
    with pytest.raises(IdempotencyKeyReused):
        claim(engine, TWO)


def test_giving_up_frees_a_key_without_an_answer_and_no_other(engine: Engine) -> None:
    do(engine, give_up, leased(engine))
    assert stored_keys(engine) == []
    lease = leased(engine)
    do(engine, keep_answer, lease, ANSWER)
    do(engine, give_up, lease)
    assert claim(engine) == ANSWER


def test_expired_keys_are_deleted_some_at_a_time_and_no_others(
    engine: Engine, client: FlaskClient
) -> None:
    for key in ("a", "b", "c"):
        post(client, key)
    let_pass(engine, timedelta(hours=1))
    post(client, "d")
    let_pass(engine, DAY - timedelta(minutes=30))
    for expected in (2, 1, 0):
        with unit_of_work(engine) as session:
            assert delete_expired_keys(session, now=utc_now(), limit=2) == expected
    assert [found.key for found in stored_keys(engine)] == ["d"]


@pytest.mark.parametrize("n_keys", [0, 1, 2, 3, 4])
def test_the_job_deletes_all_that_expired(
    engine: Engine, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, n_keys: int
) -> None:
    monkeypatch.setattr(key_job, "_BATCH", 2)
    for n in range(n_keys):
        post(client, f"old {n}")
    let_pass(engine, DAY)
    post(client, "new")
    with capture_logs() as logs:
        KeyJob(engine, Event()).run()
    assert [found.key for found in stored_keys(engine)] == ["new"]
    assert [line["n"] for line in logs] == [n_keys][: bool(n_keys)]


def test_a_job_that_was_told_to_stop_begins_nothing(engine: Engine, client: FlaskClient) -> None:
    post(client)
    let_pass(engine, DAY)
    stop = Event()
    stop.set()
    KeyJob(engine, stop).run()
    assert len(stored_keys(engine)) == 1

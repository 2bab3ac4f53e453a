"""The control interface shows and steers one sandbox."""

import json
from typing import Any

import pytest

from sandbox.journal import Journal
from sandbox.market import Market
from sandbox.reply import Reply
from tests.unit.sandbox.caller import PRODUCT, Caller, MakeCaller

UNKNOWN = "00000000-0000-0000-0000-000000000001"


def test_state_shows_everything_but_accounts(current: Caller) -> None:
    current.tick(5)
    token = current.ready()
    current.offers(token)
    current.offers("nonsense")
    current.put_faults(latency_ms=1, paths=["auth"])
    assert current.state() == {
        "generation": 2,
        "seed": 1,
        "tick": 5,
        "registered": {
            "count": 1,
            "ids": [PRODUCT],
            "products": [
                {"id": PRODUCT, "name": "Kettle", "description": "1.7 l", "since": 5},
            ],
        },
        "tokens_issued": 1,
        "requests": {
            "auth": 1,
            "register": 1,
            "offers": 2,
            "by_status": {"200": 1, "201": 2, "401": 1},
        },
        "faults": {"latency_ms": 1, "paths": ["auth"]},
        "scripted": [],
    }


def test_tick_advances_by_one_unless_told(current: Caller) -> None:
    assert current.http.post("/_sandbox/tick").get_json() == {"tick": 1}
    assert current.http.post("/_sandbox/tick", json={"n": 41}).get_json() == {"tick": 42}


@pytest.mark.parametrize("n_ticks", [0, 1, 3, 100])
def test_offers_served_are_the_market_of_the_tick(either: Caller, n_ticks: int) -> None:
    token = either.ready()
    either.offers(token)
    either.tick(n_ticks)
    market = Market(1, 1 if either.generation == 1 else 2)
    truth = [offer._asdict() for offer in market.offers(PRODUCT, n_ticks)]
    assert either.offers(token).get_json() == truth


def test_truth_of_any_tick_can_be_asked(either: Caller) -> None:
    either.tick(7)
    token = either.ready()
    served = []
    for _ in range(5):
        served.append(either.offers(token).get_json())
        either.tick()
    for tick, offers in enumerate(served, start=7):
        truth = either.http.get(f"/_sandbox/offers/{PRODUCT}?tick={tick}").get_json()
        assert truth == {"product_id": PRODUCT, "tick": tick, "since": 7, "offers": offers}
    assert either.http.get(f"/_sandbox/offers/{PRODUCT}").get_json()["tick"] == 12
    assert either.http.get(f"/_sandbox/offers/{PRODUCT}?tick=6").get_json()["offers"] == []


def test_truth_too_far_ahead_is_refused(current: Caller) -> None:
    current.ready()
    response = current.http.get(f"/_sandbox/offers/{PRODUCT}?tick=99999999")
    assert response.status_code == 422


def test_truth_of_an_unknown_product_is_404(current: Caller) -> None:
    assert current.http.get(f"/_sandbox/offers/{UNKNOWN}").status_code == 404


def test_forgotten_product_can_be_registered_again_and_goes_on(either: Caller) -> None:
    token = either.ready()
    either.tick(3)
    before = either.offers(token).get_json()
    assert either.http.post("/_sandbox/forget").status_code == 204
    assert either.offers(token).status_code == 404
    assert either.state()["registered"]["count"] == 0
    assert either.register(token).status_code == 201
    assert either.offers(token).get_json() == before


def test_forget_takes_tokens_too_when_told(either: Caller) -> None:
    token = either.ready()
    either.http.post("/_sandbox/forget", json={"tokens": True})
    assert either.offers(token).status_code == 401
    assert either.offers(either.token()).status_code == 404


def test_revoke_takes_tokens_only(current: Caller) -> None:
    token = current.ready()
    assert current.http.post("/_sandbox/revoke").status_code == 204
    assert current.offers(token).get_json() == {"detail": "Access token invalid"}
    assert current.offers(current.token()).status_code == 200


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"not json", b"", b"[1]", b'["\xff"]', b"[" * 10**5]
)
def test_scripted_body_is_answered_exactly(either: Caller, body: bytes) -> None:
    token = either.ready()
    right = either.offers(token).data
    path = f"/_sandbox/offers/{PRODUCT}"
    assert either.http.put(path, data=body).status_code == 204
    assert either.offers(token).data == body
    assert either.state()["scripted"] == [PRODUCT]
    either.http.post("/_sandbox/forget")
    assert either.offers(token).status_code == 404, "a script replaces offers, not registrations"
    either.register(token)
    assert either.http.delete(path).status_code == 204
    assert either.http.delete(path).status_code == 204
    assert either.offers(token).data == right


def test_log_tells_what_was_served(current: Caller) -> None:
    token = current.ready()
    offers = current.offers(token).get_json()
    current.clock.now += 1.5
    current.tick()
    current.offers("nonsense")
    current.http.put(f"/_sandbox/offers/{PRODUCT}", data=b'[{"id": 1}]')
    current.offers(token)
    current.http.put(f"/_sandbox/offers/{PRODUCT}", data=b'{"id": 1}')
    current.offers(token)
    at = current.clock.now

    def entry(n: int, when: float, tick: int, status: int, offers: Any) -> dict[str, Any]:
        head = {"n": n, "at": when, "product_id": PRODUCT, "tick": tick}
        return head | {"status": status, "offers": offers, "request_id": None}

    assert current.log() == [
        entry(1, at - 1.5, 0, 200, offers),
        entry(2, at, 1, 401, None),
        entry(3, at, 1, 200, [{"id": 1}]),
        entry(4, at, 1, 200, None),
    ]
    assert [found["n"] for found in current.log(since=2)] == [3, 4]
    assert current.log(since=4) == []


def test_log_tells_what_the_caller_named_each_request(current: Caller) -> None:
    token = current.token()
    current.http.environ_base["HTTP_X_REQUEST_ID"] = "r-1"
    current.register(token)
    current.register(token)
    current.offers(token)
    registrations = current.http.get("/_sandbox/log?call=register").get_json()
    assert [(e["product_id"], e["status"]) for e in registrations] == [
        (PRODUCT, 201),
        (PRODUCT, 409),
    ]
    assert [e["request_id"] for e in registrations + current.log()] == ["r-1"] * 3


def test_log_keeps_the_latest_entries() -> None:
    journal = Journal(capacity=3)
    for tick in range(5):
        journal.add("offers", 0.0, PRODUCT, tick, Reply(status=200, body=b"[]"), None)
    assert [entry.n for entry in journal.list_since(0)] == [3, 4, 5]
    assert [entry.n for entry in journal.list_since(4)] == [5]


def test_log_shares_the_body_of_the_market() -> None:
    journal, body = Journal(), Market(1, 2).body(PRODUCT, 0)
    journal.add("offers", 0.0, PRODUCT, 0, Reply(status=200, body=body, offers=body), None)
    [entry] = journal.list_since(0)
    assert entry.offers is body
    assert json.loads(entry.to_json())["offers"] == json.loads(body)


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "tick", b'{"n": -1}', "n must be a whole number of at most 100000"),
        ("POST", "tick", b'{"n": 100001}', "n must be a whole number"),
        ("POST", "tick", b'{"n": true}', "n must be a whole number"),
        ("POST", "tick", b"[]", "the body must be a JSON object"),
        ("POST", "tick", b"{", "the body is not JSON"),
        ("POST", "forget", b'{"tokens": 1}', "tokens must be true or false"),
        ("GET", "log?since=x", b"", "since must be a whole number"),
        ("GET", "log?call=auth", b"", "call must be one of register, offers"),
        ("GET", f"offers/{PRODUCT}?tick=-1", b"", "tick must be a whole number"),
        ("GET", "offers/kettle", b"", "the product id is no UUID"),
        ("PUT", "offers/kettle", b"[]", "the product id is no UUID"),
    ],
)
def test_senseless_call_is_422_with_a_reason(
    current: Caller, method: str, path: str, body: bytes, message: str
) -> None:
    response = current.http.open(f"/_sandbox/{path}", method=method, data=body)
    assert response.status_code == 422
    assert message in response.get_json()["error"]


def test_sandboxes_share_nothing(make_caller: MakeCaller) -> None:
    first, second = make_caller(), make_caller()
    first.ready()
    assert second.state()["registered"]["count"] == 0

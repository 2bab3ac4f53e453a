"""Faults hit the calls they are meant for, in the way asked for."""

import socket
import time
import zlib
from itertools import islice

import pytest

from sandbox import mischief
from sandbox.faults import FaultBox, Faults
from tests.unit.sandbox.caller import BASE, PRODUCT, Caller, MakeCaller

OTHER = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds slept instead of sleeping them."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def test_faults_are_replaced_shown_and_cleared(current: Caller) -> None:
    asked = {"status": 503, "retry_after": 7, "product_ids": ["AB"]}
    shown = {"status": 503, "retry_after": 7, "product_ids": ["ab"]}
    assert current.put_faults(**asked).get_json() == shown
    assert current.http.get("/_sandbox/faults").get_json() == shown
    assert current.put_faults(drop=True).get_json() == {"drop": True}
    assert current.http.delete("/_sandbox/faults").status_code == 204
    assert current.http.get("/_sandbox/faults").get_json() == {}


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ({"speed": 1}, "unknown fault 'speed'; known: latency_ms, error_rate"),
        ({"latency_ms": -1}, "latency_ms must be a number from 0 to 3600000"),
        ({"latency_ms": "1"}, "latency_ms must be a number"),
        ({"latency_ms": True}, "latency_ms must be a number"),
        ({"error_rate": 1.1}, "error_rate must be a number from 0 to 1"),
        ({"status": 200}, "status must be an integer from 400 to 599"),
        ({"status": 500.0}, "status must be an integer"),
        ({"status": True}, "status must be an integer"),
        ({"retry_after": 1}, "retry_after needs status"),
        ({"garbage": "xml"}, "garbage must be one of html, object, truncated, truncated-gzip, "),
        ({"garbage": ["html"]}, "garbage must be one of"),
        ({"endless": 1}, "endless must be true or false"),
        ({"drip": -0.1}, "drip must be a number"),
        ({"drop": "yes"}, "drop must be true or false"),
        ({"redirect": "ftp://other"}, "redirect must be an address"),
        ({"redirect": "http://other/\r\nX: 1"}, "redirect must be an address"),
        ({"paths": []}, "paths must be a list of auth, register, offers"),
        ({"paths": ["all"]}, "paths must be a list of"),
        ({"product_ids": "ab"}, "product_ids must be a list"),
        ({"product_ids": [1]}, "product_ids must be a list"),
        ({"first": -1}, "first must be an integer"),
    ],
)
def test_bad_fault_is_422_and_changes_nothing(
    current: Caller, faults: dict[str, object], message: str
) -> None:
    current.put_faults(status=500)
    response = current.put_faults(**faults)
    assert response.status_code == 422
    assert message in response.get_json()["error"]
    assert current.http.get("/_sandbox/faults").get_json() == {"status": 500}


@pytest.mark.parametrize("body", [b"[]", b"[1]", b"1", b"{"])
def test_faults_must_be_an_object_or_a_list_of_them(current: Caller, body: bytes) -> None:
    assert current.http.put("/_sandbox/faults", data=body).status_code == 422


@pytest.mark.parametrize(("status", "code"), [(503, "SERVICE_UNAVAILABLE"), (499, "ERROR")])
def test_status_is_answered_in_the_shape_of_the_generation(
    either: Caller, status: int, code: str
) -> None:
    either.put_faults(status=status)
    response = either.auth()
    assert response.status_code == status
    assert "Retry-After" not in response.headers
    text = "Service Unavailable" if status == 503 else "Error"
    expected = {1: {"code": code, "msg": text}, 2: {"detail": text}}[either.generation]
    assert response.get_json() == expected
    assert either.state()["tokens_issued"] == 0, "the call is not carried out"


def test_retry_after_goes_with_the_status(current: Caller) -> None:
    current.put_faults(status=429, retry_after=17)
    assert current.auth().headers["Retry-After"] == "17"


def test_redirect_points_elsewhere(current: Caller) -> None:
    current.put_faults(redirect="http://other/api")
    response = current.auth()
    assert response.status_code == 307
    assert response.headers["Location"] == "http://other/api"


def test_latency_comes_before_the_answer(current: Caller, naps: list[float]) -> None:
    token = current.ready()
    current.put_faults(latency_ms=250)
    assert current.offers(token).status_code == 200
    assert naps == [0.25]


def test_options_are_the_first_faults(make_caller: MakeCaller, naps: list[float]) -> None:
    caller = make_caller(latency_ms=20, error_rate=1)
    assert caller.state()["faults"] == {"latency_ms": 20, "error_rate": 1}
    assert caller.auth().status_code == 500
    assert naps == [0.02]


def test_error_rate_is_a_share_and_seeded() -> None:
    runs = []
    for seed in (1, 1, 2):
        box = FaultBox(Faults(error_rate=0.3), seed)
        runs.append([box.draw("auth", None).status for _ in range(2000)])
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {None, 500}
    assert 500 < runs[0].count(500) < 700


def test_status_wins_over_error_rate(current: Caller) -> None:
    current.put_faults(status=502, error_rate=1)
    assert current.auth().status_code == 502


@pytest.mark.parametrize(
    ("garbage", "content_type", "body"),
    [
        ("object", "application/json", b'{"offers":[]}'),
        ("empty", "application/json", b""),
        ("html", "text/html; charset=utf-8", None),
        ("truncated", "application/json", None),
    ],
)
def test_garbage_spoils_the_body_alone(
    current: Caller, garbage: str, content_type: str, body: bytes | None
) -> None:
    token = current.ready()
    right = current.offers(token).data
    wanted = {"html": b"<!doctype html>", "truncated": right[: len(right) // 2]}.get(garbage, body)
    current.put_faults(garbage=garbage)
    response = current.offers(token)
    assert response.status_code == 200
    assert response.content_type == content_type
    assert response.data.startswith(wanted or b"")
    assert len(response.data) != len(right)
    assert current.log()[-1]["offers"] is None


def test_truncated_gzip_ends_in_the_middle(current: Caller) -> None:
    token = current.ready()
    right = current.offers(token).data
    current.put_faults(garbage="truncated-gzip")
    response = current.offers(token)
    assert response.headers["Content-Encoding"] == "gzip"
    unpacker = zlib.decompressobj(wbits=31)
    assert right.startswith(unpacker.decompress(response.data))
    assert not unpacker.eof
    assert current.log()[-1]["offers"] is None


def test_spoilt_call_is_carried_out(current: Caller) -> None:
    current.put_faults(garbage="empty")
    assert current.auth().data == b""
    current.http.delete("/_sandbox/faults")
    assert current.auth().status_code == 400, "a token was issued and lost"


def test_endless_body_is_a_list_that_goes_on(current: Caller) -> None:
    token = current.ready()
    current.put_faults(endless=True)
    response = current.http.get(
        f"{BASE}/products/{PRODUCT}/offers", headers={"Bearer": token}, buffered=False
    )
    pieces = list(islice(response.iter_encoded(), 1000))
    assert "Content-Length" not in response.headers
    assert pieces[0].startswith(b'[{"id":')
    assert all(piece.startswith(b',{"id":') for piece in pieces[1:])
    assert sum(map(len, pieces)) > 1_000_000
    assert current.log()[-1]["offers"] is None


def test_drip_sends_the_right_body_byte_by_byte(current: Caller, naps: list[float]) -> None:
    token = current.ready()
    right = current.offers(token)
    current.put_faults(drip=0.5)
    response = current.offers(token)
    assert response.data == right.data
    assert response.content_length == right.content_length
    assert naps == [0.5] * len(right.data)
    assert current.log()[-1]["offers"] == right.get_json()


def test_dropped_call_is_counted_and_not_carried_out(current: Caller) -> None:
    current.put_faults(drop=True)
    assert current.auth().status_code == 502, "no socket within reach here"
    state = current.state()
    assert state["requests"]["by_status"] == {"dropped": 1}
    assert state["tokens_issued"] == 0
    current.offers("any")
    assert current.log() == []


@pytest.mark.parametrize("key", mischief.SOCKET_KEYS)
def test_hanging_up_ends_the_connection(key: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(1)
        mischief.hang_up({key: ours})
        assert theirs.recv(1) == b""


@pytest.mark.parametrize("call", ["auth", "register", "offers"])
def test_paths_choose_the_calls(current: Caller, call: str) -> None:
    token = current.ready()
    current.put_faults(status=599, paths=[call])
    answers = {
        "auth": current.auth(),
        "register": current.register(token),
        "offers": current.offers(token),
    }
    assert [name for name, answer in answers.items() if answer.status_code == 599] == [call]


def test_product_ids_choose_the_products(either: Caller) -> None:
    token = either.token()
    assert either.register(token, id=OTHER).status_code == 201
    either.put_faults(status=599, product_ids=[PRODUCT.upper()])
    assert either.register(token).status_code == 599
    assert either.offers(token).status_code == 599
    assert either.offers(token, PRODUCT.upper()).status_code == 599
    assert either.offers(token, OTHER).status_code == 200
    assert either.register(token, id=OTHER).status_code == 409
    assert either.register(token, id=None).status_code in (400, 422)
    either.http.post("/_sandbox/revoke")
    assert either.auth().status_code == 201


def test_a_call_meets_the_first_of_several_sets_that_is_meant_for_it(current: Caller) -> None:
    token = current.ready()
    sets = [
        {"status": 500, "product_ids": [OTHER]},
        {"status": 502, "paths": ["offers"], "first": 1},
        {"status": 503, "paths": ["offers"]},
    ]
    assert current.http.put("/_sandbox/faults", json=sets).status_code == 200
    assert [current.offers(token).status_code for _ in range(2)] == [502, 503]
    assert current.offers(token, OTHER).status_code == 500
    sets[1]["first"] = 0
    assert current.http.get("/_sandbox/faults").get_json() == sets == current.state()["faults"]


def test_one_bad_set_of_several_changes_nothing(current: Caller) -> None:
    current.put_faults(status=500)
    response = current.http.put("/_sandbox/faults", json=[{"drop": True}, {"speed": 1}])
    assert response.status_code == 422
    assert current.http.get("/_sandbox/faults").get_json() == {"status": 500}


def test_first_counts_affected_calls_down(current: Caller) -> None:
    token = current.ready()
    current.put_faults(status=503, first=2, paths=["offers"])
    assert current.auth().status_code == 400
    assert [current.offers(token).status_code for _ in range(4)] == [503, 503, 200, 200]
    assert current.http.get("/_sandbox/faults").get_json()["first"] == 0

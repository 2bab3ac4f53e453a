"""Sign-up answers give a token that can be sent, errors a line that can be shown."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.offers_errors import UnreadableAnswer
from aggregator.offers_wire import AccessToken, decode_access_token, decode_error

KEY = "k" * 32
OPAQUE = "9c858901-8a57-4791-81fe-4c455b099bc9"
EXPIRES = 1_772_366_400


def _answer(token: object) -> bytes:
    return json.dumps({"access_token": token}).encode()


def _signed(payload: str) -> str:
    head, _, signature = jwt.encode({}, KEY, "HS256").split(".")
    body = base64.urlsafe_b64encode(payload.encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


def test_expiry_is_read_from_the_claim_expires() -> None:
    token = jwt.encode({"token": "refresh", "expires": EXPIRES}, KEY, "HS256")
    expected = AccessToken(token, datetime.fromtimestamp(EXPIRES, UTC))
    assert decode_access_token(_answer(token)) == expected


def test_token_is_read_whatever_else_the_answer_holds() -> None:
    body = json.dumps({"access_token": OPAQUE, "expires_in": 300}).encode()
    assert decode_access_token(body) == AccessToken(OPAQUE, None)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param("{}", id="no-claim"),
        pytest.param(f'{{"exp": {EXPIRES}}}', id="another-claim"),
        pytest.param('{"expires": null}', id="null"),
        pytest.param('{"expires": "soon"}', id="text"),
        pytest.param('{"expires": 1e999}', id="infinite"),
        pytest.param('{"expires": NaN}', id="not-a-number"),
        pytest.param('{"expires": 99999999999999999999999}', id="beyond-every-calendar"),
        pytest.param('{"expires": -99999999999999}', id="before-every-calendar"),
        pytest.param("[1]", id="list"),
        pytest.param('"text"', id="string"),
        pytest.param("[" * 20_000, id="deep"),
        pytest.param("", id="nothing"),
    ],
)
def test_token_with_a_strange_payload_never_expires(payload: str) -> None:
    token = _signed(payload)
    assert decode_access_token(_answer(token)) == AccessToken(token, None)


@pytest.mark.parametrize("token", [OPAQUE, "a", "a.b.c", "...", "!#~"])
def test_opaque_token_never_expires(token: str) -> None:
    assert decode_access_token(_answer(token)) == AccessToken(token, None)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(_answer("two\nlines"), id="line-feed"),
        pytest.param(_answer("token\r\nX-Injected: 1"), id="header-injection"),
        pytest.param(_answer("token\n"), id="line-feed-at-the-end"),
        pytest.param(_answer("to\0ken"), id="nul"),
        pytest.param(_answer("žeton"), id="not-ascii"),
        pytest.param(_answer(""), id="empty-token"),
        pytest.param(_answer(None), id="null"),
        pytest.param(_answer(17), id="number"),
        pytest.param(_answer([OPAQUE]), id="list-of-tokens"),
        pytest.param(b"{}", id="missing"),
        pytest.param(json.dumps([OPAQUE]).encode(), id="list"),
        pytest.param(json.dumps(OPAQUE).encode(), id="string"),
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>", id="html"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_answer_without_a_token_to_send_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer) as caught:
        decode_access_token(body)
    assert OPAQUE not in str(caught.value)


@pytest.mark.parametrize("token", [" ", " token", "token "])
def test_token_that_a_header_would_lose_part_of_is_unreadable(token: str) -> None:
    with pytest.raises(UnreadableAnswer):
        decode_access_token(_answer(token))


def test_repr_of_a_token_hides_it() -> None:
    token = AccessToken(OPAQUE, datetime.fromtimestamp(EXPIRES, UTC))
    assert OPAQUE not in f"{token!r} {token}"
    assert "2026" in repr(token)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b'{"detail": "Product does not exist"}', "Product does not exist", id="text"),
        pytest.param(
            b'{"detail": [{"loc": ["body", "id"], "msg": "field required", "type": "t"},'
            b' {"loc": [], "msg": "bad name"}]}',
            "field required; bad name",
            id="list-of-problems",
        ),
        pytest.param(b'{"detail": ["a", 1, {"loc": 2}]}', "a; 1; …", id="mixed-list"),
        pytest.param(b'{"code": "BAD_REQUEST", "msg": "id missing"}', "id missing", id="retired"),
        pytest.param(b'{"detail": {"a": 1}}', "{'a': 1}", id="object"),
        pytest.param(b'{"detail": 17}', "17", id="number"),
        pytest.param(b'{"detail": ""}', "no explanation", id="empty-text"),
        pytest.param(b'{"detail": []}', "no explanation", id="empty-list"),
        pytest.param(b'{"detail": null}', "no explanation", id="null"),
        pytest.param(b"{}", "no explanation", id="empty-object"),
        pytest.param(b"[]", "no explanation", id="json-list"),
        pytest.param(b"", "no explanation", id="empty"),
        pytest.param(b"<h1>Bad gateway</h1>", "no explanation", id="html"),
        pytest.param(b"[" * 100_000, "no explanation", id="deep"),
        pytest.param(b'{"detail": "\xff"}', "no explanation", id="not-utf-8"),
        pytest.param(b'{"detail": "a\\r\\n\\tb  c"}', "a b c", id="line-breaks"),
        pytest.param(b'{"detail": "\\u001b[31mred\\u0000\\u202e"}', "[31mred", id="escapes"),
        pytest.param(b'{"detail": "' + b"x" * 500 + b'"}', "x" * 200, id="long"),
        pytest.param('{"detail": "Příliš žluťoučký"}'.encode(), "Příliš žluťoučký", id="utf-8"),
    ],
)
def test_error_is_told_in_one_printable_line(body: bytes, words: str) -> None:
    assert decode_error(body) == words


def test_error_of_control_characters_alone_explains_nothing() -> None:
    assert decode_error(b'{"detail": "\\u0000\\u001b"}') == "no explanation"


@given(body=st.binary() | st.text().map(lambda text: json.dumps({"detail": text}).encode()))
def test_any_error_is_told_in_at_most_200_printable_characters(body: bytes) -> None:
    words = decode_error(body)
    assert len(words) <= 200
    assert words.isprintable()

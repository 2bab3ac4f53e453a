"""``Idempotency-Key``: requests that are carried out once, however often they are sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import IO

import msgspec
import structlog
from flask import Response, request

from aggregator.clock import utc_now
from aggregator.database_errors import DATABASE_UNAVAILABLE, first_line
from aggregator.db import unit_of_work
from aggregator.http.access_control import client_id
from aggregator.services.idempotency import Answer, KeyLease, claim_key, finish, give_up

log = structlog.get_logger(__name__)

_REPLAYED = "Idempotency-Replayed"
#: A file to be imported may be large.
_PIECE = 64 * 1024


def answer_once(
    key: str | None, body: IO[bytes], act: Callable[[KeyLease | None], Response]
) -> Response:
    """Carry the request out, once per key; answer repetitions with the first one's answer.

    :param key: None where none was sent; then there is nothing to it.
    :param body: the request's.
    :param act: carries it out. In the transaction that changes something it calls
        ``keep_answer`` with the lease that it is given, None without a key, and with
        ``answer_of`` the response as it would be then.
    :raises IdempotencyKeyReused: The key came with another request.
    :raises IdempotencyKeyInUse: The same request is under way.
    """
    if key is None:
        return act(None)
    fingerprint = _fingerprint(body)
    with unit_of_work() as session:
        claimed = claim_key(session, client_id(), key, fingerprint, now=utc_now())
    if isinstance(claimed, Answer):
        return _replay(claimed)
    try:
        response = act(claimed)
    except BaseException:
        _end(give_up, claimed)
        raise
    _end(finish, claimed, answer_of(response))
    return response


def answer_of(response: Response) -> Answer:
    """Return a response as it is to be stored."""
    return Answer(response.status_code, dict(response.headers), response.get_data())


def _replay(answer: Answer) -> Response:
    response = Response(answer.body, answer.status, dict(answer.headers))
    response.headers[_REPLAYED] = "true"
    return response


def _fingerprint(body: IO[bytes]) -> bytes:
    target = (request.method, request.path, request.query_string, request.content_type)
    digest = hashlib.sha256(msgspec.json.encode(target))
    body.seek(0)
    while piece := body.read(_PIECE):
        digest.update(piece)
    return digest.digest()


def _end(how: Callable[..., None], lease: KeyLease, *args: Answer) -> None:
    try:
        with unit_of_work() as session:
            how(session, lease, *args)
    except DATABASE_UNAVAILABLE as error:
        # What was stored before stands, and the lease ends by itself.
        log.warning("idempotency_key_not_ended", reason=first_line(error))

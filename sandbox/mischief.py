"""Faults carried out: delays, wrong answers, spoilt bodies, dropped connections."""

import gzip
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http.client import responses
from itertools import chain, repeat

from sandbox.dialect import Dialect
from sandbox.faults import Faults
from sandbox.refusal import Refusal
from sandbox.reply import Reply, compact_json

#: Servers that hand the connection to the application do it under one of these names.
SOCKET_KEYS = ("gunicorn.socket", "werkzeug.socket")
ENDLESS_ITEM = compact_json(
    {"id": "00000000-0000-0000-0000-000000000000", "price": 1, "items_in_stock": 1}
)
ENDLESS_HEAD = b"[" + ENDLESS_ITEM
#: Many items at once: the point is the length, not the number of writes.
ENDLESS_CHUNK = (b"," + ENDLESS_ITEM) * 100


def delay(faults: Faults) -> None:
    """Wait as long as the faults say."""
    if faults.latency_ms:
        time.sleep(faults.latency_ms / 1000)


def find_substitute(faults: Faults, dialect: Dialect) -> Reply | None:
    """Return the answer given instead of carrying out a call, if the faults have one."""
    if faults.redirect is not None:
        return Reply(status=307, body=b"", headers={"Location": faults.redirect})
    if faults.status is None:
        return None
    phrase = responses.get(faults.status, "Error")
    headers = {}
    if faults.retry_after is not None:
        headers["Retry-After"] = str(faults.retry_after)
    body = dialect.error(Refusal(faults.status, phrase))
    return Reply(status=faults.status, body=body, headers=headers)


def spoil(faults: Faults, reply: Reply) -> Reply:
    """Return an answer with its body turned to garbage, if the faults say so."""
    if faults.endless:
        return replace(reply, offers=None)
    if faults.garbage is None:
        return reply
    return replace(_SPOIL[faults.garbage](reply), offers=None)


def stream(faults: Faults, body: bytes) -> Iterator[bytes] | None:
    """Return the body in pieces if the faults change how it is sent."""
    if faults.endless:
        return chain((ENDLESS_HEAD,), repeat(ENDLESS_CHUNK))
    if faults.drip:
        return _drip(body, faults.drip)
    return None


def hang_up(environ: Mapping[str, object]) -> None:
    """Close the connection of a call, if the server lets us have it."""
    for key in SOCKET_KEYS:
        connection = environ.get(key)
        if isinstance(connection, socket.socket):
            # Not close(): the server still holds the socket and closes it itself.
            connection.shutdown(socket.SHUT_RDWR)


def _drip(body: bytes, pause_s: float) -> Iterator[bytes]:
    for position in range(len(body)):
        time.sleep(pause_s)
        yield body[position : position + 1]


def _to_page(reply: Reply) -> Reply:
    body = b"<!doctype html><title>Sandbox</title><p>Not what you expected.</p>"
    return replace(reply, body=body, content_type="text/html; charset=utf-8")


def _cut(reply: Reply) -> Reply:
    return replace(reply, body=reply.body[: len(reply.body) // 2])


def _pack(reply: Reply) -> Reply:
    headers = {**reply.headers, "Content-Encoding": "gzip"}
    return replace(reply, body=gzip.compress(reply.body), headers=headers)


#: What each kind of garbage makes of an answer.
_SPOIL: Mapping[str, Callable[[Reply], Reply]] = {
    "html": _to_page,
    "object": lambda reply: replace(reply, body=b'{"offers":[]}'),
    "truncated": _cut,
    "truncated-gzip": lambda reply: _cut(_pack(reply)),
    "empty": lambda reply: replace(reply, body=b""),
}

"""Who calls the API, how often, and whether they may."""

from __future__ import annotations

from functools import partial
from ipaddress import IPv4Address, ip_address, ip_network

from flask import Flask, after_this_request, current_app, g, request
from structlog.contextvars import bind_contextvars

from aggregator import current
from aggregator.clock import utc_now
from aggregator.db import db, reading
from aggregator.errors import InsufficientScope, Unauthorized
from aggregator.http import rate_limits
from aggregator.http.api_calls import is_api_call
from aggregator.http.sessions import signed_in_token
from aggregator.http.token_use import TokenUse
from aggregator.services import api_tokens
from aggregator.services.api_tokens import WRITE, StoredToken
from aggregator.settings import Settings

#: What everybody without a token is called.
ANONYMOUS = "anonymous"
#: No part of the API, but its figures are as much to be hidden.
METRICS = "/metrics"
_READING = ("GET", "HEAD")
_USE_NOTED_BY = "aggregator.token_use"


def init_app(app: Flask, settings: Settings) -> None:
    """Guard every path of the API, also those where nothing is, and the metrics.

    Who calls is found out first, since limits go by it. Whoever is refused is so after the
    count: guessing tokens is limited like everything else.
    """
    with app.app_context():
        app.extensions[_USE_NOTED_BY] = TokenUse(db.engine)
    app.before_request(_identify)
    rate_limits.init_app(app, settings, client=_client)
    app.before_request(_admit)


def client_id() -> str:
    """Return the id of the token that let this request in; ``anonymous`` where none was asked."""
    token = _token()
    return str(token.id) if token else ANONYMOUS


def recognise(sent: str) -> StoredToken | None:
    """Return the good token that was sent, by whose name the request is logged from now on.

    None where it is unknown, expired or revoked.
    """
    now = utc_now()
    with reading() as session:
        token = api_tokens.find_token(session, sent, now=now)
    if token is not None:
        g.token = token
        bind_contextvars(client=token.name)
        token_use: TokenUse = current_app.extensions[_USE_NOTED_BY]
        after_this_request(partial(token_use.note_when_sent, token.id, now))
    return token


def _client() -> str:
    """Return whose requests are counted together."""
    return f"token {client_id()}" if _token() else f"address {_network(request.remote_addr or '')}"


def _network(address: str) -> str:
    """Return the part of an address that its holder cannot change at will."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv4Address) or ip.ipv4_mapped:
        return address
    return str(ip_network((ip, 64), strict=False))


def _identify() -> None:
    if _asks_for_token() and (sent := _sent_token()) is not None:
        recognise(sent)


def _admit() -> None:
    """Let the request pass.

    :raises Unauthorized: It asks for a token, and carries no good one.
    :raises InsufficientScope: Its token may only read.
    """
    if not _asks_for_token():
        return
    token = _token()
    if token is None:
        raise Unauthorized(token_sent=_sent_token() is not None)
    if token.scope != WRITE and request.method not in _READING:
        raise InsufficientScope


def _asks_for_token() -> bool:
    auth = current.settings().api_auth
    # Browsers ask with OPTIONS whether they may send a token, and send none with that.
    if auth == "off" or request.method == "OPTIONS":
        return False
    if auth == "write" and request.method in _READING:
        return False
    return is_api_call() or request.path == METRICS


def _token() -> StoredToken | None:
    found: StoredToken | None = g.get("token")
    return found


def _sent_token() -> str | None:
    header = request.headers.get("Authorization")
    if header is None:
        # Pages read the API for whoever is signed in. Nothing may be changed that way: browsers
        # send cookies along, whoever made them call.
        return signed_in_token() if is_api_call() and request.method in _READING else None
    scheme, _, token = header.strip().partition(" ")
    return token.strip() if scheme.casefold() == "bearer" else None

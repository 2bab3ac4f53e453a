"""Who calls the API, how often, and whether they may."""

from __future__ import annotations

from functools import partial
from ipaddress import IPv4Address, ip_address, ip_network

from flask import Flask, after_this_request, g, request
from structlog.contextvars import bind_contextvars

from aggregator import current
from aggregator.clock import utc_now
from aggregator.db import db, reading
from aggregator.errors import InsufficientScope, Unauthorized
from aggregator.http import rate_limits
from aggregator.http.api_calls import is_api_call
from aggregator.http.token_use import TokenUse
from aggregator.services import api_tokens
from aggregator.services.api_tokens import WRITE, StoredToken
from aggregator.settings import Settings

#: What everybody without a token is called.
ANONYMOUS = "anonymous"
#: No part of the API, but its figures are as much to be hidden.
METRICS = "/metrics"
_READING = ("GET", "HEAD")


def init_app(app: Flask, settings: Settings) -> None:
    """Guard every path of the API, also those where nothing is, and the metrics.

    Who calls is found out first, since limits go by it. Whoever is refused is so after the
    count: guessing tokens is limited like everything else.
    """
    with app.app_context():
        token_use = TokenUse(db.engine)
    app.before_request(partial(_identify, token_use))
    rate_limits.init_app(app, settings, client=_client)
    app.before_request(_admit)


def client_id() -> str:
    """Return the id of the token that let this request in; ``anonymous`` where none was asked."""
    token = _token()
    return str(token.id) if token else ANONYMOUS


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


def _identify(token_use: TokenUse) -> None:
    sent = _sent_token()
    if not _asks_for_token() or sent is None:
        return
    now = utc_now()
    with reading() as session:
        token = api_tokens.find_token(session, sent, now=now)
    if token is None:
        return
    g.token = token
    bind_contextvars(client=token.name)
    after_this_request(partial(token_use.note_when_sent, token.id, now))


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
    # Browsers ask with OPTIONS whether they may send a token, and send none with that.
    if not (is_api_call() or request.path == METRICS) or request.method == "OPTIONS":
        return False
    auth = current.settings().api_auth
    return auth == "all" or (auth == "write" and request.method not in _READING)


def _token() -> StoredToken | None:
    found: StoredToken | None = g.get("token")
    return found


def _sent_token() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    return token.strip() if scheme.casefold() == "bearer" else None

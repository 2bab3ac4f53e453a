"""Sessions of people who use the pages: signed cookies, which every process can read."""

from __future__ import annotations

import secrets

import structlog
from flask import Flask, Request, Response, current_app, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

from aggregator.clock import utc_now
from aggregator.database_errors import DATABASE_ERRORS, first_line
from aggregator.db import reading, unit_of_work
from aggregator.services.secret_keys import find_secret_key, obtain_secret_key

log = structlog.get_logger(__name__)

_NAME = "aggregator_session"
#: Browsers take a cookie of such a name from this very host by https only.
_SECURE_NAME = f"__Host-{_NAME}"
#: What a session holds: the API token that somebody signed in with, and a secret of its own.
_TOKEN, _FORM_KEY = "token", "form_key"


class Sessions(SecureCookieSessionInterface):
    """Flask's own, with a key that is looked up when something is signed or read first."""

    def get_cookie_name(self, app: Flask) -> str:
        """Return the cookie's name, another one by https: what plain HTTP set is not read there."""
        return _SECURE_NAME if request.is_secure else _NAME

    def get_cookie_secure(self, app: Flask) -> bool:
        """Tell whether browsers may send the cookie by https only."""
        return request.is_secure

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs cookies and checks them."""
        if not app.secret_key:
            app.secret_key = _look_key_up()
        return super().get_signing_serializer(app)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of a request: an empty one where none that is good was sent."""
        if "Cookie" not in request.headers or not request.cookies.get(self.get_cookie_name(app)):
            return self.session_class()
        try:
            return super().open_session(app, request)
        except DATABASE_ERRORS as error:
            log.warning("secret_key_unavailable", reason=first_line(error))
            return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie, where the request had to do with its session at all."""
        if session.accessed:
            super().save_session(app, session, response)


def _look_key_up() -> str:
    """Return the key. Where it was made before, a database that takes no writes will do."""
    with reading() as transaction:
        key = find_secret_key(transaction)
    if key is None:
        with unit_of_work() as transaction:
            key = obtain_secret_key(transaction, now=utc_now())
    return key


def init_app(app: Flask, secret_key: str | None) -> None:
    """Keep sessions in signed cookies.

    :param secret_key: what they are signed with; None for a key that is kept in the database.
    """
    app.config.update(SECRET_KEY=secret_key, SESSION_COOKIE_SAMESITE="Lax")
    app.session_interface = Sessions()


def signed_in_token() -> str | None:
    """Return the API token that somebody signed in with, good or not; None where nobody did."""
    token: str | None = session.get(_TOKEN)
    return token


def sign_in(token: str) -> None:
    """Begin a session of an API token's holder; what was of another's is forgotten."""
    session.clear()
    session[_TOKEN] = token
    form_key()


def sign_out() -> None:
    """Forget who this is."""
    session.clear()


def form_key() -> str:
    """Return the secret by which this session's own forms are known, making it where needed."""
    if _FORM_KEY not in session:
        # A database that is away is told of now: while the answer is sent it would be too late.
        current_app.session_interface.get_signing_serializer(current_app)  # type: ignore[attr-defined]
        session[_FORM_KEY] = secrets.token_urlsafe(16)
    key: str = session[_FORM_KEY]
    return key

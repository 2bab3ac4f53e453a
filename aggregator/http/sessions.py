"""Sessions of people who use the pages: signed cookies, which every process can read."""

from __future__ import annotations

import structlog
from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from aggregator.clock import utc_now
from aggregator.database_errors import DATABASE_ERRORS, first_line
from aggregator.db import unit_of_work
from aggregator.services.secret_keys import obtain_secret_key

log = structlog.get_logger(__name__)

_NAME = "aggregator_session"
#: Browsers take a cookie of such a name from this very host by https only.
_SECURE_NAME = f"__Host-{_NAME}"


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
            with unit_of_work() as session:
                app.secret_key = obtain_secret_key(session, now=utc_now())
        return super().get_signing_serializer(app)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of a request: an empty one where none that is good was sent."""
        if not request.cookies.get(self.get_cookie_name(app)):
            return self.session_class()
        try:
            return super().open_session(app, request)
        except DATABASE_ERRORS as error:
            log.warning("secret_key_unavailable", reason=first_line(error))
            return self.session_class()


def init_app(app: Flask, secret_key: str | None) -> None:
    """Keep sessions in signed cookies.

    :param secret_key: what they are signed with; None for a key that is kept in the database.
    """
    app.config.update(SECRET_KEY=secret_key, SESSION_COOKIE_SAMESITE="Lax")
    app.session_interface = Sessions()

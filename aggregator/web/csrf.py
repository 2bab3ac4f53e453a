"""Forms that nobody but our own pages can send for somebody (cross-site request forgery)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from http import HTTPStatus

from flask import Blueprint, Response, abort, after_this_request, request

from aggregator.http.sessions import form_key
from aggregator.web.pages import page

bp = Blueprint("csrf", __name__)

#: The field of every form that proves where the form comes from.
FIELD = "form_token"
_FROM_HERE = ("same-origin", "none")
_READING = ("GET", "HEAD", "OPTIONS")


@bp.app_template_global()
def form_token() -> str:
    """Return the value of a form's :data:`FIELD`: good as long as the session is.

    It is another one each time, so that compressing the page tells nothing of the secret.
    """
    after_this_request(_keep_private)
    salt = secrets.token_urlsafe(9)
    return f"{salt}.{_sign(salt)}"


def is_own_form() -> bool:
    """Tell whether the form that was sent is one of this session.

    A browser that says another site made it send the form is refused at once.
    """
    if request.headers.get("Sec-Fetch-Site", _FROM_HERE[0]) not in _FROM_HERE:
        abort(HTTPStatus.FORBIDDEN, "Another site sent this form. Nothing was changed.")
    salt, _, signature = request.form.get(FIELD, "").partition(".")
    return hmac.compare_digest(signature.encode(), _sign(salt).encode())


def check() -> Response | None:
    """Let a request pass unless it sends a form that is none of this session's.

    For ``before_request`` of every blueprint with forms.
    """
    if request.method in _READING or is_own_form():
        return None
    return send_again(HTTPStatus.FORBIDDEN)


def send_again(status: HTTPStatus) -> Response:
    """Return a page that keeps what was typed, and lets people send it once more."""
    return page("send_again.html", status=status, typed=typed_fields())


def typed_fields() -> list[tuple[str, str]]:
    """Return the fields of the form that was sent, but the one of ours; none of one with a file."""
    if request.mimetype != "application/x-www-form-urlencoded":
        return []
    return [field for field in request.form.items(multi=True) if field[0] != FIELD]


def _sign(salt: str) -> str:
    return hmac.new(form_key().encode(), salt.encode(), hashlib.sha256).hexdigest()


def _keep_private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-cache"
    return response

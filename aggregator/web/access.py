"""Who may open a page, by ``API_AUTH`` and by the API token that somebody signed in with."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from http import HTTPStatus

from flask import Blueprint, Flask, redirect, request, url_for
from werkzeug import Response

from aggregator import current
from aggregator.errors import InsufficientScope
from aggregator.http.access_control import recognise
from aggregator.http.rate_limits import SIGN_IN
from aggregator.http.sessions import signed_in_token
from aggregator.services.api_tokens import WRITE
from aggregator.web.csrf import send_again

bp = Blueprint("access", __name__)

_READING = ("GET", "HEAD", "OPTIONS")


def init_app(app: Flask, *, guarded: Collection[str], writing: Collection[str]) -> None:
    """Guard the pages of the catalogue.

    :param guarded: the blueprints of all of them.
    :param writing: those of them that are forms.
    """
    app.before_request(partial(_admit, guarded, writing))


@bp.app_template_global()
def asks_for_tokens() -> bool:
    """Tell whether there is anything that asks for a token, and so a reason to sign in."""
    return current.settings().api_auth != "off"


@bp.app_template_global()
def is_signed_in() -> bool:
    """Tell whether somebody signed in, though the token may be good no more."""
    return signed_in_token() is not None


@bp.app_template_global()
def here() -> str | None:
    """Return the address of this page, to come back to; None where it cannot be opened."""
    if request.method not in _READING or request.path == SIGN_IN:
        return None
    return request.full_path if request.query_string else request.path


def _admit(guarded: Collection[str], writing: Collection[str]) -> Response | None:
    is_form = request.blueprint in writing
    if request.blueprint not in guarded or not _asks_for_token(is_form):
        return None
    sent = signed_in_token()
    token = recognise(sent) if sent else None
    if token is None:
        if request.method not in _READING:
            return send_again(HTTPStatus.FORBIDDEN)
        return redirect(url_for("sign_in.show_sign_in", next=here()), HTTPStatus.SEE_OTHER)
    if is_form and token.scope != WRITE:
        raise InsufficientScope
    return None


def _asks_for_token(is_form: bool) -> bool:
    auth = current.settings().api_auth
    return auth == "all" or (auth == "write" and is_form)

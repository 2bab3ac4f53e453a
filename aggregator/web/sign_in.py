"""``/sign-in`` and ``/sign-out``: sessions of people who have an API token."""

from __future__ import annotations

import re
from http import HTTPStatus

from flask import Blueprint, redirect, request, url_for
from werkzeug import Response

from aggregator.http import sessions
from aggregator.http.access_control import recognise
from aggregator.http.rate_limits import SIGN_IN
from aggregator.web import csrf
from aggregator.web.access import asks_for_tokens
from aggregator.web.pages import page

bp = Blueprint("sign_in", __name__)

#: A path of this site. Browsers take ``//x`` and ``/\x`` for another, and drop control characters.
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")

_WRONG = "This token is unknown, expired or revoked."
_NOT_OURS = "The form had been open for too long. Sign in once more; cookies must be allowed."


@bp.get(SIGN_IN)
def show_sign_in() -> Response:
    """Show the form to sign in, or go on where no page asks for that."""
    wanted = _local(request.args.get("next"))
    if not asks_for_tokens():
        return redirect(wanted, HTTPStatus.SEE_OTHER)
    return page("sign_in.html", wanted=wanted)


@bp.post(SIGN_IN)
def sign_in() -> Response:
    """Sign in with a token, and go to the page that was wanted."""
    wanted, token = _local(request.form.get("next")), request.form.get("token", "").strip()
    if not csrf.is_own_form():
        return page("sign_in.html", status=HTTPStatus.FORBIDDEN, wanted=wanted, fault=_NOT_OURS)
    if recognise(token) is None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return page("sign_in.html", status=status, wanted=wanted, fault=_WRONG)
    sessions.sign_in(token)
    return redirect(wanted, HTTPStatus.SEE_OTHER)


@bp.post("/sign-out")
def sign_out() -> Response:
    """Sign out. Who is not signed in is as it should be."""
    if sessions.signed_in_token() is not None:
        if refusal := csrf.check():
            return refusal
        sessions.sign_out()
    return redirect(url_for("catalogue.show_catalogue"), HTTPStatus.SEE_OTHER)


def _local(wanted: str | None) -> str:
    """Return where to go: the page that was wanted, if it is one of ours."""
    return wanted if wanted and _LOCAL.fullmatch(wanted) else url_for("catalogue.show_catalogue")

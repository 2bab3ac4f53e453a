"""Errors as pages, for people who open an address in a browser. They need no database."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import default_exceptions

from aggregator.http.problem_types import PROBLEM_TYPES
from aggregator.http.problems import show_as_page
from aggregator.http.rate_limits import SIGN_IN
from aggregator.web.csrf import FIELD, typed_fields
from aggregator.web.pages import page

#: The same form may well be taken a little later.
_PASSING = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def init_app(app: Flask) -> None:
    """Answer people with pages where something goes wrong."""
    show_as_page(app, _show)


def _show(problem: dict[str, Any]) -> Response:
    # Whoever tries to sign in types the token once more: it is in no page.
    keep = problem["status"] in _PASSING and request.path != SIGN_IN
    typed = typed_fields() if keep else []
    token = request.form.get(FIELD) if typed else None
    return page("error.html", problem=problem, told=_words(problem), typed=typed, token=token)


def _words(problem: dict[str, Any]) -> str:
    """Return what happened: what is known of this time, or else what is known of its kind."""
    usual = default_exceptions.get(problem["status"])
    type_ = PROBLEM_TYPES.get(problem["type"].rpartition("/")[2])
    is_usual = usual is not None and problem["detail"] == usual.description
    detail: str = problem["detail"]
    return type_.meaning if type_ and is_usual else detail

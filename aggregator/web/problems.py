"""``/problems``: what every kind of problem means, and what to do about it."""

from __future__ import annotations

import json

from flask import Blueprint, Response, abort

from aggregator.http.problem_types import PROBLEM_TYPES
from aggregator.openapi.examples import problem_example
from aggregator.web.pages import page

bp = Blueprint("problems", __name__, url_prefix="/problems")


@bp.get("")
def list_problems() -> Response:
    """Show all kinds of problems, by their statuses."""
    types = sorted(PROBLEM_TYPES.values(), key=lambda type_: (type_.status, type_.slug))
    return page("problems.html", types=types)


@bp.get("/<slug>")
def show_problem(slug: str) -> Response:
    """Show one kind of problem."""
    if slug not in PROBLEM_TYPES:
        abort(404)
    type_ = PROBLEM_TYPES[slug]
    example = json.dumps(problem_example(type_), indent=2, ensure_ascii=False)
    return page("problem.html", type=type_, example=example)

"""What all pages have in common: where their files are, and what browsers may do with them."""

from __future__ import annotations

import hashlib
from functools import cache
from http import HTTPStatus
from pathlib import Path

from flask import Blueprint, Response, render_template, url_for

_STATIC = Path(__file__).with_name("static")
_A_YEAR_S = 365 * 24 * 3600
#: Nothing from elsewhere, and no script or style that stands in the page itself.
_POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


class _Files(Blueprint):
    """A blueprint whose files may be kept for a year: their addresses change with them."""

    def get_send_file_max_age(self, filename: str | None) -> int:
        """Return how long a file may be kept, in seconds."""
        return _A_YEAR_S


bp = _Files(
    "web",
    __name__,
    static_folder=_STATIC,
    static_url_path="/assets",
    template_folder="templates",
)


@bp.app_template_global()
def asset(filename: str) -> str:
    """Return the address of a file, with a mark of its content."""
    return url_for("web.static", filename=filename, v=_digest(filename))


def page(
    template: str,
    *,
    status: int = HTTPStatus.OK,
    policy: dict[str, str] | None = None,
    **values: object,
) -> Response:
    """Return a page.

    :param policy: directives of its Content-Security-Policy beside the usual ones.
    :param values: what the template shows.
    """
    response = Response(render_template(template, **values), status, mimetype="text/html")
    directives = _POLICY | (policy or {})
    told = "; ".join(f"{name} {sources}" for name, sources in directives.items())
    response.headers["Content-Security-Policy"] = told
    return response


@cache
def _digest(filename: str) -> str:
    return hashlib.blake2b((_STATIC / filename).read_bytes(), digest_size=8).hexdigest()

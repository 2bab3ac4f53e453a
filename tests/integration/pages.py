"""Pages as browsers ask for them, and the forms that are on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def look(client: FlaskClient, path: str, *, status: int = 200) -> str:
    """Open a page and return what it says."""
    response = client.get(path, headers=HTML)
    return text_of(response, status)


def hidden_fields(page: str) -> dict[str, str]:
    """Return the hidden fields of the last form on a page."""
    form = page[page.rindex("<form") :]
    return {name: unescape(value) for name, value in _HIDDEN.findall(form)}


def send(client: FlaskClient, path: str, fields: Mapping[str, object], **more: str) -> TestResponse:
    """Send a form as it stands, with no proof but what is among its fields."""
    return client.post(path, data=fields, headers=HTML | more)


def fill_in(client: FlaskClient, path: str, **typed: object) -> TestResponse:
    """Open a page with a form, fill it in and send it."""
    return send(client, path, hidden_fields(look(client, path)) | typed)


def sign_in(client: FlaskClient, token: str, **more: object) -> TestResponse:
    """Sign in with a token."""
    return fill_in(client, "/sign-in", token=token, **more)


def text_of(response: TestResponse, status: int = 200) -> str:
    """Return a page's words, after checking that it is one."""
    assert (response.status_code, response.mimetype) == (status, "text/html"), response.text
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    return unescape(response.text)


def words_of(html: str) -> str:
    """Return what people read of HTML: no marks, and one space between words."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def where_to(response: TestResponse) -> str:
    """Return where one is led to."""
    assert response.status_code == 303, response.text
    return response.headers["Location"]

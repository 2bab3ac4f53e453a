"""The pages: what they may load, how long their files are kept, and whose files these are."""

from __future__ import annotations

import hashlib
import re
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import aggregator.web
from aggregator import create_app
from aggregator.http.problem_types import PROBLEM_TYPES, ProblemType
from aggregator.settings import Settings

VENDOR = Path(aggregator.web.__file__).parent / "static" / "vendor"
PAGES = ["/docs", "/redoc", "/problems", *(type_.path for type_ in PROBLEM_TYPES.values())]


@pytest.fixture(scope="module")
def pages() -> FlaskClient:
    """Return a client of an application that needs no database for its pages."""
    settings = Settings(database_url="sqlite:////nowhere/aggregator.db", log_level="error")
    return create_app(settings).test_client()


def mark(content: bytes) -> str:
    """Return what the address of a file ends with."""
    return hashlib.blake2b(content, digest_size=8).hexdigest()


@pytest.mark.parametrize("path", PAGES)
def test_page_may_load_nothing_from_elsewhere(pages: FlaskClient, path: str) -> None:
    response = pages.get(path)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    policy = dict(
        part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["default-src"] == "'self'"
    assert "script-src" not in policy
    assert not re.search(r"https?:|\*", response.headers["Content-Security-Policy"])


@pytest.mark.parametrize("path", PAGES)
def test_page_names_no_other_server_and_holds_no_script(pages: FlaskClient, path: str) -> None:
    text = pages.get(path).text
    assert not re.search(r"""(src|href)=["'](https?:)?//""", text)
    assert not re.search(r"<script>|<style>|<[^>]+ (style|on\w+)=", text)


@pytest.mark.parametrize("path", PAGES)
def test_files_of_a_page_may_be_kept_for_a_year(pages: FlaskClient, path: str) -> None:
    addresses = re.findall(r'"(/assets/[^"]+)"', pages.get(path).text)
    assert addresses
    for address in addresses:
        assert "?v=" in address
        with pages.get(address) as response:
            assert response.status_code == 200
            assert response.headers["Cache-Control"] == "public, max-age=31536000"
            assert address.partition("?v=")[2] == mark(response.data)


@pytest.mark.parametrize("path", ["/problems/nothing", "/problems/", "/docs/", "/assets/none.js"])
def test_unknown_page_is_a_problem(pages: FlaskClient, path: str) -> None:
    response = pages.get(path)
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("type_", PROBLEM_TYPES.values(), ids=lambda type_: type_.slug)
def test_problem_page_says_what_it_means_and_what_to_do(
    pages: FlaskClient, type_: ProblemType
) -> None:
    text = unescape(pages.get(type_.path).text)
    for words in (type_.title, type_.meaning, type_.remedy, str(int(type_.status))):
        assert words in text


def test_files_of_others_are_as_they_came() -> None:
    listed = re.findall(r"^([0-9a-f]{64})  (.+)$", (VENDOR / "README.md").read_text(), re.M)
    told = {name: digest for digest, name in listed}
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.glob("*/*")
    }
    assert found == told

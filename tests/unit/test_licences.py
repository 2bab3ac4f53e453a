"""Every package that the product runs with has a licence that we have thought about."""

from __future__ import annotations

import re

import pytest

from tools import licences

PERMISSIVE = {
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "MIT",
    "MIT-0",
    "PSF-2.0",
}
#: Why each of these is fine stands on the page.
THOUGHT_ABOUT = {"certifi": "MPL-2.0", "psycopg2-binary": "LGPL-3.0-or-later"}


def test_page_is_what_the_lock_and_the_packages_say() -> None:
    assert licences.PAGE.read_text(encoding="utf-8") == licences.make_page(), "make licences"


def test_every_licence_is_permissive_or_has_been_thought_about() -> None:
    page = licences.PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\S.*) \| [\d., ]+ \| (.+) \|$", page, re.MULTILINE)
    assert {name for name, _ in rows} == {*licences.find_locked(), "ReDoc", "Swagger UI", "uPlot"}
    others = {name: found for name, found in rows if not _is_permissive(found)}
    assert others == THOUGHT_ABOUT
    assert all(f"- **{name}** is " in page for name in THOUGHT_ABOUT)


def _is_permissive(expression: str) -> bool:
    """Tell whether one may do with the permissive licences of an SPDX expression."""
    choices = [set(choice.split(" AND ")) for choice in expression.split(" OR ")]
    return any(choice <= PERMISSIVE for choice in choices)


def test_package_that_does_not_say_its_licence_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(licences, "_EXPRESSIONS", {})
    with pytest.raises(LookupError, match="psycopg2-binary"):
        licences.licence_of("psycopg2-binary")

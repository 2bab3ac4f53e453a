"""What the conditions of a change say, or why they say nothing."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError

from aggregator.schemas.preconditions import PreconditionHeaders

MALFORMED = [
    pytest.param("3", id="no-quotes"),
    pytest.param("3.k7f2", id="no-quotes-marked"),
    pytest.param("", id="empty"),
    pytest.param(" , ", id="no-element"),
    pytest.param('"3', id="not-closed"),
    pytest.param('3"', id="not-opened"),
    pytest.param("'3'", id="other-quotes"),
    pytest.param('w/"3"', id="small-w"),
    pytest.param('W/ "3"', id="space-in-a-weak-one"),
    pytest.param('"3" "4"', id="no-comma"),
    pytest.param('"3";"4"', id="semicolon"),
    pytest.param('"3 4"', id="space-in-a-tag"),
    pytest.param('"3", *', id="star-among-tags"),
    pytest.param("**", id="two-stars"),
    pytest.param('"3", 4', id="second-malformed"),
    pytest.param('"\x7f"', id="delete"),
    pytest.param(", " * 4000 + "x", id="many-commas"),
]


@pytest.mark.parametrize("value", MALFORMED)
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_what_is_no_list_of_tags_is_a_fault(header: str, value: str) -> None:
    with pytest.raises(ValidationError) as raised:
        PreconditionHeaders().load({header: value})
    [[fault]] = raised.value.messages_dict.values()
    assert fault["code"] == "format"


@pytest.mark.parametrize(
    ("value", "versions"),
    [
        pytest.param('"3"', {3}, id="version"),
        pytest.param('"3.k7f2"', {3}, id="version-and-mark"),
        pytest.param('"3.k7f2:gzip"', {3}, id="compressed"),
        pytest.param('"3.k.7.f2"', {3}, id="dots"),
        pytest.param('"2147483647"', {2147483647}, id="highest"),
        pytest.param('"3","4.x" , "17"', {3, 4, 17}, id="list"),
        pytest.param(', "3",, ,"4",', {3, 4}, id="empty-elements"),
        pytest.param('  "3"\t', {3}, id="space-around"),
        pytest.param('"3, 4"'.replace(" ", ""), set(), id="comma-in-a-tag"),
        pytest.param('"a,3.b"', set(), id="version-in-a-tag"),
        pytest.param('""', set(), id="empty-tag"),
        pytest.param('"0"', set(), id="zero"),
        pytest.param('"03"', set(), id="leading-zero"),
        pytest.param('"-3"', set(), id="negative"),
        pytest.param('"3x"', set(), id="no-dot"),
        pytest.param('".3"', set(), id="no-version"),
        pytest.param('"*"', set(), id="star-in-quotes"),
        pytest.param('"\xe9\xff"', set(), id="beyond-ascii"),
        pytest.param(f'"{"9" * 5000}"', set(), id="thousands-of-digits"),
    ],
)
@pytest.mark.parametrize(
    ("header", "name"), [("If-Match", "expected"), ("If-None-Match", "excluded")]
)
def test_tags_name_versions(header: str, name: str, value: str, versions: set[int]) -> None:
    assert PreconditionHeaders().load({header: value})[name] == versions


def test_a_weak_tag_is_no_match_but_a_mismatch() -> None:
    sent = 'W/"3.k7f2", "4"'
    loaded = PreconditionHeaders().load({"If-Match": sent, "If-None-Match": sent})
    assert loaded == {"expected": {4}, "excluded": {3, 4}}


@pytest.mark.parametrize("version", [1, 2, 2**31 - 1])
def test_a_star_is_every_version(version: int) -> None:
    loaded = PreconditionHeaders().load({"If-Match": "*", "If-None-Match": " * "})
    assert version in loaded["expected"]
    assert version in loaded["excluded"]


def test_without_headers_there_is_no_condition() -> None:
    assert PreconditionHeaders().load({"Accept": "*/*"}) == {"expected": None, "excluded": ()}

"""JSON arrays and NDJSON, good and broken."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.bulk import JSON, MAX_ROWS, NDJSON
from aggregator.bulk.rows import MAX_ROW_LENGTH
from aggregator.errors import InvalidInput, UnreadableFile
from tests.unit.bulk.reading import read

DEEP = 60_000
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=6), st.booleans(), st.sampled_from([None, 2]))
def test_elements_of_any_array_are_read(
    values: list[Any], ensure_ascii: bool, indent: int | None
) -> None:
    text = json.dumps(values, ensure_ascii=ensure_ascii, indent=indent)
    assert read(text.encode(), JSON) == list(enumerate(values, 1))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param(b"[]", [], id="empty"),
        pytest.param(b" [ \n ] \r\n", [], id="blank"),
        pytest.param(b"\xef\xbb\xbf[1]", [1], id="byte-order-mark"),
        pytest.param(rb'["a,]\"[{", ["]"], {"}": ","}]', ['a,]"[{', ["]"], {"}": ","}], id="text"),
    ],
)
def test_array_is_cut_at_its_own_commas(text: bytes, values: list[Any]) -> None:
    assert read(text, JSON) == list(enumerate(values, 1))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[", id="cut"),
        pytest.param(b'[{"name": "Pot"}', id="cut-behind-an-element"),
        pytest.param(b'[{"name": "Pot', id="cut-in-text"),
        pytest.param(b"[1,]", id="comma-at-the-end"),
        pytest.param(b"[,1]", id="comma-at-the-start"),
        pytest.param(b"[1 2]", id="no-comma"),
        pytest.param(b"[1}", id="other-bracket"),
        pytest.param(b"[{]}", id="brackets-crossed"),
        pytest.param(b"[1]]", id="bracket-too-many"),
        pytest.param(b"[1] x", id="text-behind"),
        pytest.param(b"[1][2]", id="two-arrays"),
        pytest.param(b"[NaN]", id="nan"),
        pytest.param(b'["\xff"]', id="not-utf-8"),
        pytest.param("[1]".encode("utf-16"), id="utf-16"),
        pytest.param(b'["\\ud800"]', id="lone-surrogate"),
        pytest.param(b"[" * DEEP, id="brackets-left-open"),
        pytest.param(b"[" * DEEP + b"]" * DEEP, id="brackets"),
        pytest.param(b'["' + b'\\"' * 5_000_000, id="quotes-without-an-end"),
    ],
)
def test_what_is_no_json_is_unreadable(text: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read(text, JSON)


@pytest.mark.parametrize("text", [b"{}", b"1", b'"[]"', b"null"])
def test_json_that_is_no_array_is_told_so(text: bytes) -> None:
    with pytest.raises(InvalidInput) as error:
        read(text, JSON)
    assert [fault.code for fault in error.value.faults] == ["type"]


def test_an_element_that_is_too_long_spoils_no_other() -> None:
    long = [b"1", b"[" + b"1," * MAX_ROW_LENGTH + b"1]", b'"x"']
    assert read(b"[%s]" % b",".join(long), JSON) == [(1, 1), (2, "too_long"), (3, "x")]


@pytest.mark.parametrize(
    "text",
    [b"1\n2\n3\n", b"1\r\n2\r\n3", b"\n \n1\n\n2\n\t\r\n3\n\n", b"\xef\xbb\xbf1\n2\n3"],
    ids=["lines", "crlf", "blank-lines", "byte-order-mark"],
)
def test_every_line_that_is_not_blank_is_a_row(text: bytes) -> None:
    assert read(text, NDJSON) == [(1, 1), (2, 2), (3, 3)]


def test_no_line_is_no_row() -> None:
    assert read(b"", NDJSON) == read(b"\n\n", NDJSON) == []


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        pytest.param(b'{"name"', "json", id="cut"),
        pytest.param(b"1 2", "json", id="two-values"),
        pytest.param(b"NaN", "json", id="nan"),
        pytest.param(b'"\\ud800"', "json", id="lone-surrogate"),
        pytest.param(b"[" * DEEP, "json", id="brackets"),
        pytest.param(b"[" * DEEP + b"]" * DEEP, "json", id="brackets-closed"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "too_long", id="100,000-brackets-closed"),
        pytest.param(b"1" * (MAX_ROW_LENGTH + 1), "too_long", id="one-byte-too-long"),
        pytest.param(b'"' + b"x" * 3 * MAX_ROW_LENGTH + b'"', "too_long", id="long"),
        pytest.param(b" " * (MAX_ROW_LENGTH + 1) + b"1", "too_long", id="long-and-blank-at-first"),
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "marked"])
def test_a_bad_line_spoils_no_other(bad: bytes, code: str, mark: bytes) -> None:
    assert read(mark + bad + b"\n2\n", NDJSON) == [(1, code), (2, 2)]
    assert read(mark + b"1\r\n" + bad, NDJSON) == [(1, 1), (2, code)]


def test_the_longest_line_is_read() -> None:
    text = "x" * (MAX_ROW_LENGTH - 2)
    for end in (b"", b"\n", b"\r\n"):
        assert read(b'"%s"' % text.encode() + end, NDJSON) == [(1, text)]


@pytest.mark.parametrize("text", ["1\n2\n".encode("utf-16"), b'1\n"\xff"\n'], ids=["utf-16", "2"])
def test_what_is_not_utf_8_is_unreadable(text: bytes) -> None:
    with pytest.raises(UnreadableFile, match="UTF-8"):
        read(text, NDJSON)


@pytest.mark.parametrize("format_", [JSON, NDJSON])
def test_rows_are_counted(format_: str) -> None:
    def written(n: int) -> bytes:
        return b"[%s]" % b",".join([b"1"] * n) if format_ == JSON else b"1\n" * n

    assert len(read(written(MAX_ROWS), format_)) == MAX_ROWS
    with pytest.raises(InvalidInput) as error:
        read(written(MAX_ROWS + 1), format_)
    assert [fault.code for fault in error.value.faults] == ["too_many"]


def test_an_array_of_millions_is_not_read_to_its_end() -> None:
    with pytest.raises(InvalidInput):
        assert_small(b"[" + b"1," * 1_000_000 + b"1]")


def test_an_element_of_millions_is_not_built() -> None:
    assert assert_small(b"[[" + b"[]," * 300_000 + b"[]]]") == [(1, "too_long")]


def assert_small(text: bytes) -> Any:
    """Read an array, and check that this takes little more memory than the text itself."""
    tracemalloc.start()
    try:
        return read(text, JSON)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < len(text) + 2_500_000

"""CSV, as spreadsheets, scripts and vandals write it."""

from __future__ import annotations

import csv
import tracemalloc
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.bulk import CSV
from aggregator.bulk.rows import MAX_ROW_LENGTH
from aggregator.errors import InvalidInput, UnreadableFile
from tests.unit.bulk.reading import read

POT, PAN = {"name": "Pot", "text": "1.7 l"}, {"name": "Pan", "text": "28 cm"}
TWO = "name,text\nPot,1.7 l\nPan,28 cm\n"
#: What csv writes and reads; the reader drops empty fields and undoes the neutralising.
PLAIN = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="'"), min_size=1, max_size=20
).map(lambda text: f"x{text}")


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(TWO.encode(), id="line-feeds"),
        pytest.param(TWO.encode("utf-8-sig"), id="byte-order-mark"),
        pytest.param(TWO.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(TWO.replace("\n", "\r").encode(), id="cr"),
        pytest.param(TWO.rstrip().encode(), id="no-line-feed-at-the-end"),
        pytest.param(TWO.replace("\n", "\n\n\r\n").encode(), id="blank-lines"),
        pytest.param(b"\n" + TWO.encode(), id="blank-first-line"),
        pytest.param(b'"name","text"\n"Pot","1.7 l"\n"Pan","28 cm"', id="quotes"),
        pytest.param(b"text,name\n1.7 l,Pot\n28 cm,Pan", id="other-order"),
        pytest.param(b"id,text,name\n,1.7 l,Pot\n,28 cm,Pan", id="empty-cells"),
    ],
)
def test_rows_are_read_however_they_are_written(file: bytes) -> None:
    assert read(file, CSV) == [(1, POT), (2, PAN)]


@given(st.lists(st.tuples(PLAIN, PLAIN), max_size=5))
def test_what_csv_writes_is_read(rows: list[tuple[str, str]]) -> None:
    text = StringIO()
    csv.writer(text).writerows([("name", "text"), *rows])
    expected = [{"name": name, "text": text} for name, text in rows]
    assert read(text.getvalue().encode(), CSV) == list(enumerate(expected, 1))


def test_line_feeds_commas_and_quotes_stand_in_quotes() -> None:
    file = b'name,text\r\n"Pot\r\nwith ""lid""","a,b\nc"\r\nPan,28 cm'
    odd = {"name": 'Pot\r\nwith "lid"', "text": "a,b\nc"}
    assert read(file, CSV) == [(1, odd), (2, PAN)]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        pytest.param("Pot", "fields", id="too-few"),
        pytest.param("Pot,1.7 l,", "fields", id="too-many"),
        pytest.param('"Pot"x,1.7 l', "csv", id="text-behind-quotes"),
        pytest.param('"Pot"x,"a\nb"', "csv", id="and-a-line-feed-in-others"),
        pytest.param(f"{'x' * MAX_ROW_LENGTH},1.7 l", "too_long", id="a-long-field"),
        pytest.param("x" * MAX_ROW_LENGTH * 3, "too_long", id="a-longer-field"),
        pytest.param(f'"{"x" * MAX_ROW_LENGTH}\nPot,1\n",2', "too_long", id="a-long-quoted-field"),
        pytest.param('"%s",2' % ("x,\n" * MAX_ROW_LENGTH), "too_long", id="many-quoted-lines"),
        pytest.param("," * MAX_ROW_LENGTH * 2, "too_long", id="many-fields"),
    ],
)
def test_a_bad_row_spoils_no_other(bad: str, code: str) -> None:
    assert read(f"name,text\n{bad}\nPan,28 cm\n".encode(), CSV) == [(1, code), (2, PAN)]


def test_a_quote_that_is_never_closed_is_a_bad_row() -> None:
    assert read(b'name,text\nPan,28 cm\n"Pot,1.7 l\nPan,28 cm\n', CSV) == [(1, PAN), (2, "csv")]


def test_the_longest_row_is_read() -> None:
    text = "x" * (MAX_ROW_LENGTH - len("Pot,\r\n"))
    file = f"name,text\r\nPot,{text}\r\n".encode()
    assert read(file, CSV) == [(1, {"name": "Pot", "text": text})]


@pytest.mark.parametrize(
    ("header", "faults"),
    [
        pytest.param("", {("/name", "required")}, id="empty-file"),
        pytest.param("text", {("/name", "required")}, id="missing"),
        pytest.param("name,colour/ink", {("/colour~1ink", "unknown")}, id="unknown"),
        pytest.param("Name", {("/name", "required"), ("/Name", "unknown")}, id="other-case"),
        pytest.param("name,text,name", {("/name", "repeated")}, id="repeated"),
        pytest.param("x" * MAX_ROW_LENGTH * 2, {("", "too_long")}, id="long"),
        pytest.param('"name"x', {("", "csv")}, id="no-csv"),
    ],
)
def test_a_bad_header_is_told_with_all_its_faults(header: str, faults: set[object]) -> None:
    with pytest.raises(InvalidInput) as error:
        read(f"{header}\nPot\n".encode() if header else b"", CSV)
    assert {(fault.where, fault.code) for fault in error.value.faults} == faults


@pytest.mark.parametrize(
    "file",
    [TWO.encode("utf-16"), TWO.encode() + b"\xff,x\n", b"name\n\xed\xa0\x80\n"],
    ids=["utf-16", "latin-1", "surrogate"],
)
def test_what_is_not_utf_8_is_unreadable(file: bytes) -> None:
    with pytest.raises(UnreadableFile, match="UTF-8"):
        read(file, CSV)


@pytest.mark.parametrize("piece", [b"x", b",", b"x,\n"], ids=["field", "fields", "lines"])
def test_a_huge_row_takes_little_memory(piece: bytes) -> None:
    file = b'name,text\n"' + piece * (3_000_000 // len(piece)) + b'",x\nPan,28 cm\n'
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        assert read(file, CSV) == [(1, "too_long"), (2, PAN)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # What the test holds is one copy of it.
    assert peak - before < len(file) + 2_500_000

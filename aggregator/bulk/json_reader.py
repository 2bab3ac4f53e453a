"""Rows of JSON: an array of them, or one a line (NDJSON)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from aggregator import strict_json
from aggregator.bulk import MAX_BYTES
from aggregator.bulk.rows import MAX_ROW_LENGTH, FileRow, overlong_row, unreadable_row
from aggregator.errors import Fault, InvalidInput, UnreadableFile

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: A row with what may stand around it, and one byte more.
_LONGEST_LINE = len(_BYTE_ORDER_MARK) + MAX_ROW_LENGTH + len(b"\r\n") + 1
_BLANKS = b" \t\r\n"
_ARRAY = re.compile(rb"[ \t\r\n]*+\[")
_BLANK = re.compile(rb"[ \t\r\n]*+")
_TEXT = rb'"(?:[^"\\]++|\\.)*+"'
_FLAT = rb'[\[{](?:[^\[\]{}"]++|%s)*+[\]}]' % _TEXT
#: What tells where an element ends; the last is a text without an end. Most rows are flat.
_TOKEN = re.compile(rb'%s|%s|[\[\]{},]|"' % (_TEXT, _FLAT), re.DOTALL)


def read_ndjson(file: IO[bytes]) -> Iterator[FileRow]:
    """Yield the row of each line that is not blank.

    :raises UnicodeDecodeError: A line is not UTF-8.
    """
    lines = (line.rstrip(b"\r\n") for line in _iter_lines(file))
    rows = (line for line in lines if line.strip(_BLANKS))
    for number, row in enumerate(rows, 1):
        yield _read_line(number, row)


def read_json(file: IO[bytes]) -> Iterator[FileRow]:
    """Yield the elements of the one array that a file holds.

    They are cut out one by one: reading them all at once would take many times the file's
    size, whatever is asked of them afterwards.

    :raises UnreadableFile: It is not JSON, or too large.
    :raises InvalidInput: It is JSON, but no array.
    """
    text = file.read(MAX_BYTES + 1).removeprefix(_BYTE_ORDER_MARK)
    if len(text) > MAX_BYTES:
        raise UnreadableFile(f"The file has over {MAX_BYTES:,} bytes.")
    for number, element in enumerate(_split(text), 1):
        if len(element) > MAX_ROW_LENGTH:
            yield overlong_row(number, "bytes")
        else:
            yield FileRow(number, _load(element))


def _read_line(number: int, line: bytes) -> FileRow:
    if len(line) > MAX_ROW_LENGTH:
        return overlong_row(number, "bytes")
    # Of what is not UTF-8, nobody knows where its lines end.
    line.decode()
    try:
        return FileRow(number, strict_json.loads(line))
    except ValueError as error:
        told = f"This line is not JSON that can be read: {error}."
        return unreadable_row(number, "json", told)


def _iter_lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield all lines; of one that is too long for a row, only a beginning that is as well."""
    line = file.readline(_LONGEST_LINE).removeprefix(_BYTE_ORDER_MARK)
    while line:
        yield line
        while line and not line.endswith(b"\n"):
            line = file.readline(_LONGEST_LINE)
        line = file.readline(_LONGEST_LINE)


def _split(text: bytes) -> Iterator[memoryview]:
    """Yield the elements of an array, as text: whether they are JSON nobody has asked yet."""
    opening = _ARRAY.match(text)
    if not opening:
        _load(memoryview(text)[: MAX_ROW_LENGTH + 1])
        raise InvalidInput([Fault("pointer", "", "type", "This must be a JSON array.")])
    view, start, depth = memoryview(text), opening.end(), 1
    for token in _TOKEN.finditer(text, start):
        kind = token[0]
        if kind == b'"':
            break
        if kind in b"[{":
            depth += 1
        elif kind in b"]}":
            depth -= 1
        if not depth or (depth == 1 and kind == b","):
            element = view[start : token.start()]
            is_only = start == opening.end() and not depth
            if not (is_only and _BLANK.fullmatch(element)):
                yield element
            start = token.end()
        if not depth:
            if kind != b"]" or not _BLANK.fullmatch(view[start:]):
                break
            return
    raise UnreadableFile("The file is not JSON that can be read: its array does not end well.")


def _load(text: memoryview) -> object:
    try:
        return strict_json.loads(text)
    except ValueError as error:
        raise UnreadableFile(f"The file is not JSON that can be read: {error}.") from error

"""Rows of CSV (RFC 4180) in UTF-8, with or without a byte order mark."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from io import TextIOWrapper
from typing import IO

from aggregator.bulk.formulas import restore
from aggregator.bulk.rows import MAX_ROW_LENGTH, FileRow, overlong_row, unreadable_row
from aggregator.errors import Fault, InvalidInput, pointer_to


def read_csv(
    file: IO[bytes], *, required: Collection[str], known: Collection[str]
) -> Iterator[FileRow]:
    """Yield the rows behind the header, as objects of texts; an empty cell is left out.

    :param required: columns that the header must name.
    :param known: columns that it may name.
    :raises UnicodeDecodeError: The file is not UTF-8.
    :raises InvalidInput: The header is not one for these rows.
    """
    text = TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield from _read_text(text, required, known)
    finally:
        # The file would be closed together with it.
        text.detach()


def _read_text(
    text: IO[str], required: Collection[str], known: Collection[str]
) -> Iterator[FileRow]:
    records = _Records(text)
    header = next(records, None)
    if isinstance(header, FileRow):
        raise InvalidInput([header.fault] if header.fault else [])
    _check_header(header or [], required, known)
    for number, record in enumerate(records, 1):
        if isinstance(record, FileRow):
            yield record
        else:
            yield _to_row(number, header or [], record)


def _check_header(header: Sequence[str], required: Collection[str], known: Collection[str]) -> None:
    found = Counter(header)
    missing = [name for name in required if name not in found]
    unknown = [name for name in found if name not in known]
    repeated = [name for name, times in found.items() if times > 1]
    faults = [
        *(_fault(name, "required", "The header lacks this column.") for name in missing),
        *(_fault(name, "unknown", "There is no such column.") for name in unknown),
        *(_fault(name, "repeated", "The header names this column twice.") for name in repeated),
    ]
    if faults:
        raise InvalidInput(faults)


def _fault(column: str, code: str, detail: str) -> Fault:
    return Fault("pointer", pointer_to(column), code, detail)


def _to_row(number: int, header: Sequence[str], cells: Sequence[str]) -> FileRow:
    if len(cells) != len(header):
        told = f"This row has {len(cells)} fields where the header has {len(header)}."
        return unreadable_row(number, "fields", told)
    texts = zip(header, map(restore, cells), strict=True)
    return FileRow(number, {name: text for name, text in texts if text})


class _Records:
    """Records of fields, or rows that say why one cannot be read. Blank lines are left out."""

    def __init__(self, text: IO[str]) -> None:
        self._lines = _Lines(text)
        self._records = csv.reader(self._lines, strict=True)
        self._number = -1

    def __iter__(self) -> Iterator[list[str] | FileRow]:
        return self

    def __next__(self) -> list[str] | FileRow:
        record: list[str] = []
        try:
            while not record:
                self._lines.begin_record()
                record = next(self._records)
        except (csv.Error, _RecordTooLong) as error:
            self._number += 1
            self._lines.end_record()
            if isinstance(error, _RecordTooLong):
                return overlong_row(self._number, "characters: a quote may be left open")
            return unreadable_row(self._number, "csv", f"This row is not CSV: {error}.")
        self._number += 1
        return record


class _RecordTooLong(Exception):
    """A record takes more characters than one may."""


class _Lines:
    """The lines that records consist of, never holding more of one than a record may have."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self.begin_record()

    def begin_record(self) -> None:
        """Say that the next line begins a record."""
        self._length = self._n_quotes = 0
        self._is_whole_line = True

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._read()
        if not line:
            raise StopIteration
        if self._length > MAX_ROW_LENGTH:
            raise _RecordTooLong
        return line

    def end_record(self) -> None:
        """Leave out the rest of the record: up to the end of a line outside of quotes."""
        while not self._is_whole_line or self._n_quotes % 2:
            if not self._read():
                return

    def _read(self) -> str:
        line = self._text.readline(MAX_ROW_LENGTH + 1)
        self._length += len(line)
        self._n_quotes += line.count('"')
        self._is_whole_line = line.endswith(("\r", "\n"))
        return line

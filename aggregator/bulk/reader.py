"""Rows of any file that an import takes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import IO

from aggregator.bulk import CSV, JSON, MAX_ROWS
from aggregator.bulk.csv_reader import read_csv
from aggregator.bulk.json_reader import read_json, read_ndjson
from aggregator.bulk.rows import FileRow
from aggregator.errors import Fault, InvalidInput, UnreadableFile


def read_rows(
    file: IO[bytes], format_: str, *, required: Collection[str], known: Collection[str]
) -> Iterator[FileRow]:
    """Yield the rows of a file, a bit of it in memory at a time; of JSON all of it.

    :param format_: ``json``, ``ndjson`` or ``csv``.
    :param required: columns that a CSV header must name.
    :param known: columns that it may name.
    :raises UnreadableFile: It is not what it claims to be.
    :raises InvalidInput: It is, but holds something else than rows, or too many of them.
    """
    try:
        for row in _read(file, format_, required, known):
            if row.number > MAX_ROWS:
                told = f"An import takes at most {MAX_ROWS:,} rows."
                raise InvalidInput([Fault("pointer", "", "too_many", told)])
            yield row
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"The file is not UTF-8: {error}.") from error


def _read(
    file: IO[bytes], format_: str, required: Collection[str], known: Collection[str]
) -> Iterator[FileRow]:
    if format_ == CSV:
        return read_csv(file, required=required, known=known)
    return read_json(file) if format_ == JSON else read_ndjson(file)

"""Rows as CSV and as NDJSON, written while they are read."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

import msgspec

from aggregator.bulk import CSV
from aggregator.bulk.formulas import neutralise

#: Rows as they are read, some at a time; each has a value for every column, in their order.
Pages = Iterable[Iterable[Mapping[str, Any]]]


def write_rows(format_: str, columns: Sequence[str], pages: Pages) -> Iterator[bytes]:
    """Yield rows as ``csv`` or ``ndjson``.

    CSV is that of RFC 4180, with a header; null is an empty field, and text that a
    spreadsheet would execute is neutralised.
    """
    return _write_csv(columns, pages) if format_ == CSV else _write_ndjson(pages)


def _write_csv(columns: Sequence[str], pages: Pages) -> Iterator[bytes]:
    yield ",".join(columns).encode() + b"\r\n"
    for page in pages:
        text = StringIO()
        csv.writer(text).writerows(map(_cell, row.values()) for row in page)
        yield text.getvalue().encode()


def _write_ndjson(pages: Pages) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    for page in pages:
        yield encoder.encode_lines(page)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return neutralise(value)
    return str(value).lower() if isinstance(value, bool) else value

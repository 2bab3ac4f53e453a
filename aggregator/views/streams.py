"""Events as CSV and as NDJSON, written while they are read."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

import msgspec

from aggregator.history.detail import Event
from aggregator.schemas.numbers import format_ms

#: Events as they are read, some at a time.
Pages = Iterable[Sequence[Event]]


def stream_csv(pages: Pages) -> Iterator[bytes]:
    """Yield events as CSV (RFC 4180) with a header; null is an empty field."""
    yield ",".join(Event._fields).encode() + b"\r\n"
    for page in pages:
        text = StringIO()
        csv.writer(text).writerows((format_ms(event.at), *event[1:]) for event in page)
        yield text.getvalue().encode()


def stream_ndjson(pages: Pages) -> Iterator[bytes]:
    """Yield events as NDJSON: one JSON object a line."""
    encoder = msgspec.json.Encoder()
    for page in pages:
        yield encoder.encode_lines(
            [event._asdict() | {"at": format_ms(event.at)} for event in page]
        )

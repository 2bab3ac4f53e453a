"""What a reader makes of a file."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from aggregator.bulk.reader import read_rows
from aggregator.bulk.rows import FileRow


def read(file: bytes, format_: str) -> list[tuple[int, Any]]:
    """Return number of each row, and its content or the code of its fault."""
    return told(read_rows(BytesIO(file), format_, required=["name"], known=["id", "name", "text"]))


def told(rows: Iterable[FileRow]) -> list[tuple[int, Any]]:
    """Return number and content of rows, or the code of what is wrong with them."""
    return [(row.number, row.fault.code if row.fault else row.content) for row in rows]

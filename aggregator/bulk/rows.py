"""Rows on their way from a file into the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aggregator.errors import Fault

#: The most that one row may take: bytes of JSON, characters of CSV. It is csv's own limit for a
#: field, and more than the longest product takes with every character escaped.
MAX_ROW_LENGTH = 131_072


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row as the file has it. Rows are numbered from 1; blank lines are none."""

    number: int
    content: Any
    """What JSON value the row is; of CSV, an object of texts. None where it cannot be read."""
    fault: Fault | None = None
    """Why it cannot be read."""


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A row that is a good product."""

    number: int
    product_id: UUID
    name: str
    description: str
    has_derived_id: bool
    """The id follows from the content: see :mod:`aggregator.bulk.identity`."""


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row that cannot be imported."""

    number: int
    id: UUID | None
    """The one that the row gives; None where it gives no good one."""
    faults: Sequence[Fault]


def unreadable_row(number: int, code: str, detail: str) -> FileRow:
    """Return a row of which all that is known is why it cannot be read."""
    return FileRow(number, None, Fault("pointer", "", code, detail))


def overlong_row(number: int, unit: str) -> FileRow:
    """Return a row that takes more than :data:`MAX_ROW_LENGTH`, in bytes or characters."""
    return unreadable_row(number, "too_long", f"A row may have at most {MAX_ROW_LENGTH:,} {unit}.")

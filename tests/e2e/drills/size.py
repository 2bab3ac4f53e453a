"""The size of the drills: ``DRILLS=full`` asks for more than each run of the tests has time for."""

from __future__ import annotations

import os

import pytest

FULL = os.environ.get("DRILLS") == "full"


def by_size(quick: int, full: int) -> int:
    """Return a number for the size that was asked for."""
    return full if FULL else quick


def quick_on(database: str) -> pytest.MarkDecorator:
    """Let a drill of the quick size run on one kind of database only."""
    databases = ["sqlite", "postgresql"] if FULL else [database]
    return pytest.mark.parametrize("fresh_database_url", databases, indirect=True)

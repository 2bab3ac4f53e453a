"""What all drills stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine


@pytest.fixture
def engine(settings: dict[str, str]) -> Iterator[Engine]:
    """Return an engine of the test's own on the database of the processes."""
    engine = create_engine(settings["DATABASE_URL"], pool_pre_ping=True)
    yield engine
    engine.dispose()

"""The units of docs/operations start what the Procfile starts."""

from __future__ import annotations

from configparser import RawConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROCFILE = dict(
    line.split(": exec ", 1) for line in (ROOT / "Procfile").read_text().strip().splitlines()
)


@pytest.mark.parametrize(
    ("unit", "key", "process"),
    [
        ("web", "ExecStartPre", "release"),
        ("web", "ExecStart", "web"),
        ("poller", "ExecStart", "worker"),
    ],
)
def test_unit_starts_what_the_procfile_starts(unit: str, key: str, process: str) -> None:
    told = RawConfigParser(strict=False)
    told.optionxform = str  # type: ignore[assignment, method-assign]
    told.read(ROOT / "docs" / "operations" / f"aggregator-{unit}.service")
    assert told["Service"][key] == f"/opt/aggregator/.venv/bin/{PROCFILE[process]}"

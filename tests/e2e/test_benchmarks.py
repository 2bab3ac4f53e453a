"""``make bench`` at its smallest size: that it measures everything, and not what."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import ROOT

pytestmark = pytest.mark.waits
READS = ("GET /products?limit=50", "GET /products/{id}", "GET /products/{id}/offers")
#: *async* is there only where its packages are installed.
SERVERS = {"ours", "ours_2_workers", "floor", "floor_one_processor", "usual"}


@pytest.fixture
def load_generator() -> None:
    """Skip the test where there is none, but never in CI."""
    if shutil.which("wrk") is None:
        assert not os.environ.get("CI"), "there is no wrk"
        pytest.skip("there is no wrk")


@pytest.mark.usefixtures("load_generator")
def test_benchmark_measures_everything_that_has_a_target(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    command = [sys.executable, "-m", "benchmarks.web", "--size", "smallest", "--json", str(path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert path.exists(), run.stderr
    results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    told = {row["request"]: row["servers"] for row in results["reads"]}
    assert list(told) == [*READS, *(f"{read} answered 304" for read in READS)]
    assert all(told[read].keys() >= SERVERS for read in READS)
    for servers in told.values():
        for figures in servers.values():
            assert 0 < figures["per_s"]["min"] <= figures["per_s"]["median"]
            assert figures["p50_ms"]["median"] <= figures["p99_ms"]["median"]
    targets = [row["target"] for row in results["others"] if row["target"]]
    # The trend, all searches, each order, creating, the mixed load and its memory.
    assert len(targets) == 1 + 1 + 8 + 1 + 2
    assert all(row["figures"] and row["what"] in run.stdout for row in results["others"])
    assert results["circumstances"].keys() >= {"date", "commit", "python", "postgresql"}

"""What the web server makes of its machine, beside what others make of it.

Starts PostgreSQL, this product, three others that answer the same, and an offers service; fills
the database; sends requests with wrk; prints two tables and writes all figures as JSON. All of it
takes less than a quarter of an hour:

    make bench

Ends with status 1 where anything failed. A target that is not met is only told.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks.web.alike import (
    find_tags,
    keep_answers,
    require_alike,
    require_not_modified,
)
from benchmarks.web.circumstances import find_circumstances
from benchmarks.web.mixed import measure_mixed
from benchmarks.web.pages import measure_pages
from benchmarks.web.posts import measure_posts
from benchmarks.web.reads import measure_reads, plain_reads
from benchmarks.web.results import OtherRow, ReadRow, Results
from benchmarks.web.searches import measure_searches
from benchmarks.web.servers import start_baselines
from benchmarks.web.size import SIZES, Size
from benchmarks.web.stage import Stage, set_stage, tell
from benchmarks.web.tables import print_results
from benchmarks.web.trends import check_trends, measure_trends
from benchmarks.web.wrk import require_wrk

_LATEST = Path(__file__).parents[1] / "results" / "latest.json"


def main() -> None:
    """Measure, print and write down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SIZES, default="full", help="quick takes a minute or two")
    parser.add_argument("--json", type=Path, default=_LATEST, metavar="PATH", help="of the figures")
    options = parser.parse_args()
    require_wrk()
    results = measure(SIZES[options.size])
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)) + b"\n")
    print_results(results)
    if any(row.figures.get("errors") for row in results.others):
        sys.exit("Requests failed.")


def measure(size: Size) -> Results:
    """Return all figures."""
    begun, started = time.monotonic(), datetime.now(UTC)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        tell("fills the databases")
        stage = set_stage(stack, size, folder)
        circumstances = find_circumstances(stage.engine, size, started)
        reads = _compare(stage)
        others = _measure_others(stage)
    circumstances["took_s"] = round(time.monotonic() - begun)
    return Results(circumstances, reads, others)


def _compare(stage: Stage) -> list[ReadRow]:
    """Measure the plain reads, beside the baselines, which end afterwards."""
    with ExitStack() as stack:
        reads = plain_reads(stage.asked)
        answers = zip(("products", "product", "offers"), reads, strict=True)
        keep_answers(stage.ours, {name: read.paths[0] for name, read in answers}, stage.folder)
        baselines = start_baselines(stack, stage.url, stage.folder)
        for server in baselines.values():
            server.wait("/api/v1/products")
        for name, server in baselines.items():
            # What is ready is ready for one product only.
            n_paths = 1 if name.startswith("floor") else 3
            paths = [path for read in reads for path in read.paths[:n_paths]]
            require_alike(stage.ours, name, server, paths)
        tags = find_tags(stage.ours, [path for read in reads for path in read.paths])
        require_not_modified(stage.ours_2_workers, tags)
        tell(f"reads: {stage.size.rounds} rounds of {stage.size.load_s} s each")
        servers = {"ours": stage.ours, "ours_2_workers": stage.ours_2_workers, **baselines}
        rows = measure_reads(servers, reads, tags, stage.size, stage.folder)
        require_not_modified(stage.ours, tags)
    return rows


def _measure_others(stage: Stage) -> list[OtherRow]:
    """Measure what there is no baseline for. What writes comes last."""
    tell("trends")
    check_trends(stage)
    rows = [measure_trends(stage)]
    tell("searches")
    rows += measure_searches(stage)
    tell(f"page {stage.size.page:,} in each order")
    rows += measure_pages(stage)
    tell("creating products")
    rows.append(measure_posts(stage))
    tell(f"mixed load for {stage.size.mixed_s} s")
    rows += measure_mixed(stage)
    return rows


if __name__ == "__main__":
    main()

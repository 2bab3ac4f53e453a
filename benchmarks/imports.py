"""What it costs the web server to import 10,000 products, and to export them: time, and memory.

make bench-imports
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from io import StringIO

from benchmarks.export import Peak
from benchmarks.rig import database
from benchmarks.server import Server


def main() -> None:
    """Measure, and print one line a database and format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--description", type=int, default=500, help="characters")
    options = parser.parse_args()
    print("| database | file | MB | what | seconds | rows a second | memory over idle |")
    print("|---|---|---|---|---|---|---|")
    for kind in ("sqlite", "postgresql"):
        for media_type, body in files(options.rows, options.description).items():
            with ExitStack() as stack:
                server = Server(stack, database(stack, kind))
                size = f"{len(body) / 1e6:.1f}"
                for what, figures in measure(server, media_type, body, options.rows):
                    print(f"| {kind} | {media_type} | {size} | {what} | {figures} |", flush=True)


def files(n_rows: int, n_characters: int) -> dict[str, bytes]:
    """Return the same products in each format."""
    rows = [(f"Product {i}", f"Nr. {i}, ".ljust(n_characters, "ž")) for i in range(n_rows)]
    objects = [{"name": name, "description": description} for name, description in rows]
    text = StringIO()
    csv.writer(text).writerows([("name", "description"), *rows])
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in objects)
    return {
        "text/csv": text.getvalue().encode(),
        "application/x-ndjson": lines.encode(),
        "application/json": json.dumps(objects, ensure_ascii=False).encode(),
    }


def measure(server: Server, media_type: str, body: bytes, n_rows: int) -> Iterator[tuple[str, str]]:
    """Yield the figures of the first import, of the same one again, and of an export."""
    path = "/api/v1/products"
    # The first answer costs memory once and for all.
    server.get(path)
    for what, created in (("first", n_rows), ("again", 0)):
        with Peak(server.worker) as peak:
            begun = time.monotonic()
            report = server.post(f"{path}/import", media_type, body)
            seconds = time.monotonic() - begun
        assert report["created"] == created, report
        yield what, _figures(seconds, n_rows, peak)
    with Peak(server.worker) as peak:
        begun = time.monotonic()
        n_lines = sum(chunk.count(b"\n") for chunk in server.stream(f"{path}/export"))
        seconds = time.monotonic() - begun
    assert n_lines == n_rows
    yield "export", _figures(seconds, n_rows, peak)


def _figures(seconds: float, n_rows: int, peak: Peak) -> str:
    return f"{seconds:.2f} | {n_rows / seconds:,.0f} | {peak.over_idle_mb:.0f} MB"


if __name__ == "__main__":
    main()

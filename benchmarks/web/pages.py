"""A page far behind against the first one, in each order."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.services.catalogue import SORTS
from benchmarks.client import Client
from benchmarks.lists import PRODUCTS, find_page, medians_ms
from benchmarks.web.results import OtherRow
from benchmarks.web.stage import Stage

_TARGET = 1.2


def measure_pages(stage: Stage) -> Iterator[OtherRow]:
    """Yield how many times as long as page 1 a page far behind takes."""
    number, client = stage.size.page, Client(stage.ours.port)
    for sort in SORTS:
        paths = (f"{PRODUCTS}?sort={sort}", find_page(client, f"sort={sort}", number))
        first_ms, far_ms = medians_ms(client, paths, stage.size.times)
        ratio = far_ms / first_ms
        figures = {"ratio": round(ratio, 3), "first_ms": first_ms, "far_ms": far_ms}
        yield OtherRow(
            f"page {number:,} against page 1, `sort={sort}`",
            f"{ratio:.2f} × ({far_ms:.1f} ms)",
            f"≤ {_TARGET} ×",
            ratio <= _TARGET,
            figures,
        )
    client.close()

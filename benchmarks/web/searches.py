"""Searching a large catalogue: different words, one search after another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import product
from random import Random
from urllib.parse import urlencode

from benchmarks.client import Client
from benchmarks.lists import PRODUCTS
from benchmarks.server import percentile
from benchmarks.web.results import OtherRow
from benchmarks.web.stage import Stage
from benchmarks.web.words import vocabulary

_TARGET_MS = 30
_WARM_UP = 20
_ORDERS: tuple[dict[str, str], ...] = (
    {},
    {"sort": "-updated_at"},
    {"sort": "best_price"},
    {"in_stock": "true"},
)
#: Of how frequent words the searches for two are.
_PAIRS = ((2, 10), (10, 100), (10, 1000), (100, 1000))


def measure_searches(stage: Stage) -> Iterator[OtherRow]:
    """Yield how long searches take: all of them together, and each kind."""
    random, client = Random("searches"), Client(stage.searching.port)
    searches = list(make_searches(stage.size.searched))
    for number in range(1, _WARM_UP + 1):
        assert client.get(_path(q=code_of(number)))["items"], f"product {number} is not found"
    took: dict[str, list[float]] = {kind: [] for kind, _ in searches}
    for kind, query in random.sample(searches, len(searches)):
        took[kind].append(client.time_ms(_path(**query)))
    client.close()
    everything = [time for times in took.values() for time in times]
    whole = f"`q=` search in {stage.size.searched:,} products, {len(everything)} different ones"
    yield _row(whole, everything, _TARGET_MS)
    for kind, times in took.items():
        yield _row(f"… of which {len(times)} for {kind}", times)


def make_searches(n_products: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the kinds and the parameters of some 300 different searches."""
    random, known = Random("searches"), vocabulary()
    numbers = random.sample(range(1, n_products + 1), 50)
    fillers = random.sample(known.fillers, 15)
    rare, frequent, very = known.tiers[1000], known.tiers[100], known.tiers[10]
    words = {
        "one product's word": [code_of(number) for number in numbers],
        "a word of 1 in 10,000": random.sample(known.seldom, 50),
        "a word of 1 in 1,000": random.sample(rare, 50),
        "a word of 1 in 100": random.sample(frequent, 50),
        "two words": [
            f"{random.choice(known.tiers[few])} {random.choice(known.tiers[many])}"
            for few, many in _PAIRS * 10
        ],
        "the first 3 letters": [word[:3] for word in fillers],
        "the first 2 letters": [word[:2] for word in fillers],
    }
    for kind, of_kind in words.items():
        yield from ((kind, {"q": word}) for word in of_kind)
    for word, order in product(very, _ORDERS[:2]):
        yield "a word of 1 in 10", {"q": word, **order}
    for word, order in product(known.tiers[2], _ORDERS):
        yield "a word of half of all", {"q": word, **order}
    for word in (*random.sample(rare, 10), *random.sample(frequent, 10), *very[:5]):
        yield "a word, `sort=name`", {"q": word, "sort": "name"}


def code_of(number: int) -> str:
    """Return the word that only the product with this number has."""
    return hashlib.md5(f"code {number}".encode()).hexdigest()[:8]


def _path(**query: str) -> str:
    return f"{PRODUCTS}?{urlencode(query)}"


def _row(what: str, times: list[float], target_ms: int | None = None) -> OtherRow:
    p50, p95 = percentile(times, 50), percentile(times, 95)
    figures = {"n": len(times), "p50_ms": p50, "p95_ms": p95, "longest_ms": max(times)}
    return OtherRow(
        what,
        f"p50 {p50:.1f} ms, p95 {p95:.1f} ms",
        f"p95 ≤ {target_ms} ms" if target_ms else "",
        p95 <= target_ms if target_ms else None,
        figures,
    )

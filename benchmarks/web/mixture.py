"""What many clients at once ask for: 95 requests in a hundred read, 5 write."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from random import Random
from urllib.parse import urlencode

from benchmarks.client import Client
from benchmarks.lists import PRODUCTS
from benchmarks.web.alike import find_tags
from benchmarks.web.searches import make_searches
from benchmarks.web.stage import Stage
from benchmarks.web.wrk import Request

#: How many requests in a thousand.
_LISTS, _PAGES, _PRODUCTS, _OFFERS, _TAGGED, _SEARCHES, _TRENDS = 250, 100, 250, 150, 100, 80, 20
_POSTS, _PATCHES = 30, 20
_SORTS = ("created_at", "name", "-updated_at")
#: Of each list.
_FURTHER_PAGES = 5
_POSTED = json.dumps({"name": "Mixed #", "description": "Written while others read."})
_PATCHED = json.dumps({"description": "For the #th time."})


def make_mixture(stage: Stage) -> list[Request]:
    """Return a thousand requests in random order."""
    random, server = Random("mixture"), stage.ours_2_workers
    lists = [f"{PRODUCTS}?sort={sort}" for sort in _SORTS]
    # What is changed is not asked for as well: hardly anything would be answered 304.
    read, changed = ([f"{PRODUCTS}/{id_}" for id_ in stage.asked[start::2]] for start in range(2))
    offers = [f"{path}/offers" for path in read]
    tagged = [Request(path, tag=tag) for path, tag in find_tags(server, [*read, *offers]).items()]
    searches = [query for _, query in make_searches(stage.size.products)]

    def some(n: int, paths: Sequence[str]) -> list[Request]:
        return [Request(path) for path in random.choices(paths, k=n)]

    requests = [
        *some(_LISTS, lists),
        *some(_PAGES, [page for path in lists for page in _further_pages(server.port, path)]),
        *some(_PRODUCTS, read),
        *some(_OFFERS, offers),
        *random.choices(tagged, k=_TAGGED),
        *some(_SEARCHES, [f"{PRODUCTS}?{urlencode(query)}" for query in searches]),
        *some(_TRENDS, [f"{PRODUCTS}/{id_}/trend?period=7d" for id_ in stage.minutely]),
        *[Request(PRODUCTS, "POST", body=_POSTED)] * _POSTS,
        *(Request(path, "PATCH", body=_PATCHED) for path in random.choices(changed, k=_PATCHES)),
    ]
    random.shuffle(requests)
    return requests


def _further_pages(port: int, path: str) -> Iterator[str]:
    client = Client(port)
    for _ in range(_FURTHER_PAGES):
        path = client.get(path)["links"]["next"]
        yield path
    client.close()
